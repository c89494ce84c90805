// The console twin of the web application: one file, C# 8, compiled against .NET Core 3.1, so that one
// assembly runs on every runtime of the matrix. See Usage() for what it can do.
//
// Markers, to be counted in a core or by a debugger: every Customer holds the ASCII text
// "CUSTOMER-MARKER-0000001-" and every Spike "SPIKE-MARKER-0000001-", each with its own number.
using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

public sealed class Customer
{
	public const int Bytes = 1000; // about, with its array
	public readonly byte[] Text = Twin.Marked("CUSTOMER", Bytes - 64, ref Twin.customers);
}

public sealed class Spike
{
	public const int Bytes = 10000;
	public readonly byte[] Text = Twin.Marked("SPIKE", Bytes - 64, ref Twin.spikes);
}

public static class Twin
{
	public static int customers, spikes;
	static readonly List<object> live = new List<object>();
	static object spike;
	static volatile bool go;
	static int through;

	[DllImport("libc.so.6")]
	static extern IntPtr write(int fd, byte[] text, IntPtr length);

	// Console would use types that the burst is about.
	static void Say(string line)
	{
		byte[] text = Encoding.ASCII.GetBytes(line + "\n");

		write(1, text, (IntPtr)text.Length);
	}

	public static byte[] Marked(string what, int size, ref int count)
	{
		string marker = what + "-MARKER-" + (++count).ToString("D7", CultureInfo.InvariantCulture) + "-";
		byte[] text = new byte[size];

		Encoding.ASCII.GetBytes(marker, 0, marker.Length, text, 0);
		return text;
	}

	static string HeapMb()
	{
		return (GC.GetTotalMemory(false) / 1e6).ToString("R", CultureInfo.InvariantCulture);
	}

	static void ReportHeap(string path)
	{
		Thread t = new Thread(() => {
			for (;; Thread.Sleep(200)) {
				File.WriteAllText(path + ".new", HeapMb() + "\n");
				File.Delete(path);
				File.Move(path + ".new", path);
			}
		});
		t.IsBackground = true;
		t.Start();
	}

	static int SpikeMode(int baseMb, int spikeMb, int holdMs, int periodMs, double seconds)
	{
		DateTime end = DateTime.UtcNow.AddSeconds(seconds);

		for (long i = 0; i < baseMb * 1000000L / Customer.Bytes; i++)
			live.Add(new Customer());
		Say("customers " + live.Count);
		do {
			Thread.Sleep(Math.Max(periodMs - holdMs, 0));
			if (spikeMb == 0)
				continue;
			spikes = 0;
			Spike[] now = new Spike[spikeMb * 1000000L / Spike.Bytes];
			for (int i = 0; i < now.Length; i++)
				now[i] = new Spike();
			spike = now;
			now = null;
			Say("spike " + spikes);
			Thread.Sleep(holdMs);
			spike = null;
			GC.Collect();
			Say("quiet " + HeapMb());
		} while (seconds == 0 || DateTime.UtcNow < end);
		return 0;
	}

	static void First(Action use)
	{
		Thread t = new Thread(() => {
			while (!go)
				Thread.SpinWait(1);
			use();
			Interlocked.Increment(ref through);
		});
		t.IsBackground = true;
		t.Start();
	}

	static int BurstMode(double seconds)
	{
		// The four spin, so that they are through at once: not for longer than it takes them to be there.
		Thread.Sleep((int)(Math.Max(0, seconds - 0.1) * 1000));
		First(() => ArrayPool<byte>.Shared.Return(ArrayPool<byte>.Shared.Rent(1000)));
		First(() => GC.KeepAlive(new Timer(_ => { }, null, 1, Timeout.Infinite)));
		First(() => ThreadPool.GetMaxThreads(out int _, out int _));
		First(() => ThreadPool.QueueUserWorkItem(_ => { }));
		Thread.Sleep((int)(Math.Min(0.1, seconds) * 1000));
		Say("BURST");
		go = true;
		while (Volatile.Read(ref through) < 4)
			Thread.Sleep(1);
		Say("DONE");
		return IdleMode();
	}

	static int IdleMode()
	{
		Thread.Sleep(Timeout.Infinite);
		return 0;
	}

	// What the runtime itself takes for the limit of the heap, or the machine's memory when it has none.
	static int LimitMode()
	{
		GC.Collect();
		Say("limit " + GC.GetGCMemoryInfo().TotalAvailableMemoryBytes.ToString(CultureInfo.InvariantCulture));
		return IdleMode();
	}

	static int NoDescriptorsMode()
	{
		live.Add(new FileStream("/dev/null", FileMode.Open, FileAccess.Read));
		Console.In.ReadLine();
		try {
			for (;;)
				live.Add(new FileStream("/dev/null", FileMode.Open, FileAccess.Read));
		} catch (IOException) {
			Say("FULL " + live.Count);
		}
		string line = Console.In.ReadLine();
		foreach (object o in live)
			((FileStream)o).Dispose();
		Say("FREE");
		return line == null ? 0 : IdleMode();
	}

	static int Usage()
	{
		Console.Error.WriteLine("usage: twin spike BASE_MB SPIKE_MB HOLD_MS PERIOD_MS SECONDS [HEAP_FILE]\n"
			+ "         holds BASE_MB of Customers, and SPIKE_MB of Spikes for HOLD_MS of every PERIOD_MS;\n"
			+ "         ends after SECONDS (0: never); writes GC.GetTotalMemory in MB to HEAP_FILE every 200 ms\n"
			+ "       twin burst SECONDS   four threads at once first use pools, a timer and work items; DONE\n"
			+ "       twin nofds           after a line on stdin takes every descriptor, after another frees them\n"
			+ "       twin limit           the bytes that the runtime limits its heap to; then idle\n"
			+ "       twin idle");
		return 2;
	}

	static double Number(string[] args, int i)
	{
		return double.Parse(args[i], CultureInfo.InvariantCulture);
	}

	public static int Main(string[] args)
	{
		string mode = args.Length > 0 ? args[0] : "";
		bool known = mode == "spike" ? args.Length == 6 || args.Length == 7
			: mode == "burst" ? args.Length == 2 : mode == "nofds" || mode == "limit" || mode == "idle";

		if (!known)
			return Usage();
		// The process's own file names it, without System.Diagnostics.Process and its threads.
		Say("READY " + Path.GetFileName(File.ReadAllText("/proc/self/stat").Split(' ')[0]));
		if (mode == "spike") {
			if (args.Length == 7)
				ReportHeap(args[6]);
			return SpikeMode((int)Number(args, 1), (int)Number(args, 2), (int)Number(args, 3),
				(int)Number(args, 4), Number(args, 5));
		}
		return mode == "burst" ? BurstMode(Number(args, 1)) : mode == "nofds" ? NoDescriptorsMode()
			: mode == "limit" ? LimitMode() : IdleMode();
	}
}
