// Every kind of counter and instrument that .NET has, with and without tags, and tags that nobody escapes:
// what a process may show under counters/ and meters/. Changes ten times a second, for ever.
using System;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.IO;
using System.Threading;

[EventSource(Name = "Own-Provider")]
class OwnSource : EventSource
{
	public static readonly OwnSource Log = new OwnSource();
	public EventCounter Measured;
	public IncrementingPollingCounter Ticked;
	public PollingCounter Polled;
	public long Ticks;

	protected override void OnEventCommand(EventCommandEventArgs command)
	{
		if (command.Command != EventCommand.Enable || Measured != null)
			return;
		Measured = new EventCounter("measured", this) { DisplayName = "Measured", DisplayUnits = "ms" };
		Ticked = new IncrementingPollingCounter("ticked/a b", this, () => Ticks) {
			DisplayName = "Ticked", DisplayRateTimeScale = TimeSpan.FromSeconds(1) };
		Polled = new PollingCounter("polled", this, () => 42) { DisplayName = "Polled" };
	}
}

static class Values
{
	static readonly string[] texts = {
		"a/b", "a=b", "a,b", "a b", "a\"b", "a\nb", "\U0001F600", new string('x', 300), "..", "%2F", "",
	};

	static KeyValuePair<string, object>[] Tags(string value)
	{
		return new[] { new KeyValuePair<string, object>("tag", value) };
	}

	public static void Main(string[] args)
	{
		Meter one = new Meter("Own.Meter", "1.0"), two = new Meter("Own.Meter", "2.0");
		Counter<long> counter = one.CreateCounter<long>("orders", "{order}", "how many orders came");
		UpDownCounter<int> queue = one.CreateUpDownCounter<int>("queue", "{order}");
		Histogram<double> histogram = one.CreateHistogram<double>("duration", "s");
		Counter<long> later = one.CreateCounter<long>("later");
		Counter<long> again = two.CreateCounter<long>("orders", "{order}", "those of version 2");
		int turn = 0;

		one.CreateObservableGauge("load", () => new Measurement<double>(0.25), "%", "always the same");
		one.CreateObservableCounter("absolute", () => 1000 + turn);
		one.CreateObservableUpDownCounter("level", () => 7);
		Console.WriteLine("READY " + Path.GetFileName(File.ReadAllText("/proc/self/stat").Split(' ')[0]));
		for (; ; turn++) {
			OwnSource.Log.Ticks++;
			OwnSource.Log.Measured?.WriteMetric(turn % 10);
			counter.Add(1);
			again.Add(2);
			queue.Add(turn % 2 == 0 ? 1 : -1);
			histogram.Record(0.5, Tags("plain"));
			foreach (string text in texts)
				counter.Add(1, Tags(text));
			// first without tags, then with
			if (turn < 50)
				later.Add(1);
			else
				later.Add(1, Tags("since"));
			Thread.Sleep(100);
		}
	}
}
