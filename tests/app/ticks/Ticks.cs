// ticks FILE - how fast TraceEvent reads an event stream: provider, id, time stamp, thread, amount and type
// name of every event. The baseline of tests/bench/bench-ticks, which reads the same of the same file and
// prints the same sums.
using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

static class Ticks
{
	const int Rounds = 5; // the first ones are the compiler's

	static long events, ticks, amount, letters, rest;

	static void Take(TraceEvent e)
	{
		events++;
		rest += e.ProviderName.Length + (int)e.ID + e.ThreadID + (long)e.TimeStampRelativeMSec;
	}

	static void TakeTick(GCAllocationTickTraceData e)
	{
		Take(e);
		ticks++;
		amount += e.AllocationAmount64;
		letters += e.TypeName.Length;
	}

	static double Read(byte[] stream)
	{
		events = ticks = amount = letters = 0;
		var watch = Stopwatch.StartNew();
		using (var source = new EventPipeEventSource(new MemoryStream(stream, false))) {
			source.Clr.GCAllocationTick += TakeTick;
			source.UnhandledEvents += Take;
			source.Process();
		}
		return watch.Elapsed.TotalSeconds;
	}

	static int Main(string[] args)
	{
		byte[] stream = File.ReadAllBytes(args[0]);
		double first = Read(stream), best = first;

		for (int i = 1; i < Rounds; i++)
			best = Math.Min(best, Read(stream));
		Console.WriteLine(string.Format(CultureInfo.InvariantCulture,
			"traceevent {0:F0} MB/s, {1:F2} million ticks/s (first round {5:F2}); {2} ticks of {3} bytes, names of {4} letters",
			stream.Length / best / 1e6, ticks / best / 1e6, ticks, amount, letters,
			ticks / first / 1e6));
		return ticks > 0 && rest != 0 ? 0 : 1;
	}
}
