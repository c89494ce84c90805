// The sample application: an ASP.NET Core web API with the diagnostic scenarios of the memory-trigger
// tutorial. It listens on 127.0.0.1 alone: "web [PORT]" (0 or none: any free one), and prints
// "listening URL" when it does.
//
//   /api/diagscenario/memspike/{seconds}?baseMb=250&peakMb=530&periodS=5   baseline and peak in turn
//   /api/diagscenario/memleak/{kb}   /api/diagscenario/exception   /api/diagscenario/highcpu/{milliseconds}
//   /api/heap     GC.GetTotalMemory(false) in MB (10^6 bytes)
//   /api/counts   "customers N spikes N": the objects that live now
//   /api/ready
//
// Markers, to be counted in a core or by a debugger: every Customer holds the ASCII text
// "CUSTOMER-MARKER-0000001-" and every Spike "SPIKE-MARKER-0000001-", each with its own number.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

public abstract class Marked
{
	public readonly byte[] Text;

	protected Marked(string what, int size, int number)
	{
		string marker = what + "-MARKER-" + number.ToString("D7", CultureInfo.InvariantCulture) + "-";

		Text = new byte[size];
		Encoding.ASCII.GetBytes(marker, 0, marker.Length, Text, 0);
	}
}

public sealed class Customer : Marked
{
	public const int Bytes = 1000; // about, with its array
	static int made;

	public Customer() : base("CUSTOMER", Bytes - 64, Interlocked.Increment(ref made)) { }
}

public sealed class Spike : Marked
{
	public const int Bytes = 10000;
	static int made;

	public Spike() : base("SPIKE", Bytes - 64, Interlocked.Increment(ref made)) { }
}

// What one request of memspike holds.
public sealed class Load
{
	public Customer[] Customers = Array.Empty<Customer>();
	public Spike[] Spikes = Array.Empty<Spike>();
}

public static class Program
{
	static readonly List<Load> loads = new List<Load>();
	static readonly List<Customer> leaked = new List<Customer>();

	static string Mb(double bytes)
	{
		return (bytes / 1e6).ToString("R", CultureInfo.InvariantCulture) + "\n";
	}

	static void Release(Load load)
	{
		load.Spikes = Array.Empty<Spike>();
		GC.Collect();
	}

	static Spike[] Fill(int mb)
	{
		Spike[] spikes = new Spike[mb * 1000000L / Spike.Bytes];

		for (int i = 0; i < spikes.Length; i++)
			spikes[i] = new Spike();
		return spikes;
	}

	static async Task<string> MemSpike(int seconds, int baseMb, int peakMb, int periodS)
	{
		Stopwatch watch = Stopwatch.StartNew();
		Load load = new Load();
		bool peak = false;

		load.Customers = new Customer[baseMb * 1000000L / Customer.Bytes];
		for (int i = 0; i < load.Customers.Length; i++)
			load.Customers[i] = new Customer();
		lock (loads)
			loads.Add(load);
		for (;;) {
			TimeSpan left = TimeSpan.FromSeconds(seconds) - watch.Elapsed;
			TimeSpan period = TimeSpan.FromSeconds(periodS);

			if (left <= TimeSpan.Zero)
				break;
			await Task.Delay(left < period ? left : period);
			peak = !peak;
			if (peak)
				load.Spikes = Fill(peakMb - baseMb);
			else
				Release(load);
		}
		lock (loads)
			loads.Remove(load);
		load.Customers = Array.Empty<Customer>();
		Release(load);
		return "success:memspike\n";
	}

	static string MemLeak(int kb)
	{
		lock (leaked)
			for (int i = 0; i < kb; i++)
				leaked.Add(new Customer());
		return "success:memleak\n";
	}

	static string HighCpu(int milliseconds)
	{
		Stopwatch watch = Stopwatch.StartNew();

		while (watch.ElapsedMilliseconds < milliseconds)
			Thread.SpinWait(1000);
		return "success:highcpu\n";
	}

	static string Counts()
	{
		lock (loads)
			lock (leaked)
				return "customers " + (loads.Sum(l => l.Customers.Length) + leaked.Count) + " spikes "
					+ loads.Sum(l => l.Spikes.Length) + "\n";
	}

	static bool Sane(int seconds, int baseMb, int peakMb, int periodS)
	{
		return seconds >= 0 && baseMb >= 0 && peakMb >= baseMb && peakMb <= 20000 && periodS >= 1;
	}

	public static async Task Main(string[] args)
	{
		WebApplicationBuilder builder = WebApplication.CreateBuilder();

		builder.Logging.ClearProviders();
		WebApplication app = builder.Build();
		app.Urls.Add("http://127.0.0.1:" + (args.Length > 0 ? args[0] : "0"));
		app.MapGet("/api/diagscenario/memspike/{seconds}", async (int seconds, int? baseMb, int? peakMb, int? periodS) =>
			Sane(seconds, baseMb ?? 250, peakMb ?? 530, periodS ?? 5)
				? Results.Text(await MemSpike(seconds, baseMb ?? 250, peakMb ?? 530, periodS ?? 5))
				: Results.BadRequest("0 <= baseMb <= peakMb <= 20000, seconds >= 0, periodS >= 1\n"));
		app.MapGet("/api/diagscenario/memleak/{kb}", (int kb) => MemLeak(kb));
		app.MapGet("/api/diagscenario/exception", string () => throw new InvalidOperationException("bad, bad code"));
		app.MapGet("/api/diagscenario/highcpu/{milliseconds}", (int milliseconds) => HighCpu(milliseconds));
		app.MapGet("/api/heap", () => Mb(GC.GetTotalMemory(false)));
		app.MapGet("/api/counts", Counts);
		app.MapGet("/api/ready", () => "ready\n");
		await app.StartAsync();
		Console.WriteLine("listening " + app.Urls.First());
		await app.WaitForShutdownAsync();
	}
}
