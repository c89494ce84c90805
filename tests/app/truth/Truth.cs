// A program that knows the truth about its heap: while a load runs, a thread of its own notes
// GC.GetTotalMemory(false) every 5 ms, for tests/bench/crossings. One file, C# 8, compiled against .NET
// Core 3.1, so that one assembly runs on every runtime of the matrix. See Usage() for the loads.
//
// The truth file has a line each:
//	t US BYTES		what the heap held at CLOCK_REALTIME US (microseconds)
//	begin|gc|top|end US N	of spike N: begins to grow; a collection interrupts it; is whole; is let go
//	x US			the reading took too long to be of one moment: no truth
// Lines are written as they come, 20 readings at a time, so that a killed program leaves what it knew.
// Nothing is allocated for it: buffers are made before the load begins. The two kinds of lines stand in
// the order of their stamps within one write only.
//
// Markers, to be counted in a core: every Customer holds the ASCII text "CUSTOMER-MARKER-0000001-" and every
// Spike "SPIKE-MARKER-0100001-", each with its own number: the number of the spike (two digits, 01 is the
// first) and of the object in it (five). What earlier spikes left in memory can so be told apart.
using System;
using System.Globalization;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

public static class Native
{
	[DllImport("libc.so.6")]
	static extern IntPtr write(int fd, ref byte text, IntPtr length);
	[DllImport("libc.so.6")]
	static extern int open(byte[] path, int flags, int mode);

	const int WriteOnly = 1, Create = 0x40, Truncate = 0x200, CloseOnExec = 0x80000;

	public static int Create600(string path)
	{
		int fd = open(Encoding.UTF8.GetBytes(path + "\0"), WriteOnly | Create | Truncate | CloseOnExec, 0x180);

		if (fd < 0)
			throw new IOException("cannot be written: " + path);
		return fd;
	}

	public static void Write(int fd, byte[] text, int length)
	{
		for (int done = 0; done < length; ) {
			int n = (int)write(fd, ref text[done], (IntPtr)(length - done));
			if (n <= 0)
				return;
			done += n;
		}
	}

	// Console would start threads and use types that other tests are about.
	public static void Say(string line)
	{
		byte[] text = Encoding.ASCII.GetBytes(line + "\n");

		Write(1, text, text.Length);
	}

	const long UnixEpochTicks = 621355968000000000;

	public static long Now() // microseconds, without an allocation
	{
		return (DateTime.UtcNow.Ticks - UnixEpochTicks) / 10;
	}
}

// The thread that notes, and the marks that others leave with it.
public static class Notes
{
	struct Mark
	{
		public int kind, number;
		public long us;
	}

	public const int Begin = 0, Interrupted = 1, Top = 2, End = 3;
	const int Period = 5, ReadingsAWrite = 20, MarksMax = 4096, LineMax = 64;
	const long OneMoment = 500; // microseconds that a reading may take

	static readonly byte[][] words = {
		Encoding.ASCII.GetBytes("begin"), Encoding.ASCII.GetBytes("gc"), Encoding.ASCII.GetBytes("top"),
		Encoding.ASCII.GetBytes("end"), Encoding.ASCII.GetBytes("t"), Encoding.ASCII.GetBytes("x"),
	};
	const int Truth = 4, NoTruth = 5;
	static readonly Mark[] marks = new Mark[MarksMax];
	static readonly byte[] text = new byte[(ReadingsAWrite + MarksMax) * LineMax];
	static readonly object one = new object();
	static volatile int marked;
	static int fd = -1, length, said, pending;

	public static void Open(string path)
	{
		if (path == "-")
			return;
		fd = Native.Create600(path);
		Note(); // compiled before it is needed
		Thread t = new Thread(Run, 256 * 1024);
		t.IsBackground = true;
		t.Priority = ThreadPriority.Highest;
		t.Start();
	}

	// By the one thread of a load that has spikes. More than MarksMax between two writes are lost.
	public static void Leave(int kind, int number)
	{
		if (fd < 0)
			return;
		ref Mark m = ref marks[marked % MarksMax];
		m.kind = kind;
		m.number = number;
		m.us = Native.Now();
		marked = marked + 1;
	}

	public static void Close()
	{
		lock (one)
			Flush();
	}

	static void Digits(long value)
	{
		int start = length;
		ulong rest = value < 0 ? (ulong)-value : (ulong)value;

		do {
			text[length++] = (byte)('0' + rest % 10);
			rest /= 10;
		} while (rest > 0);
		if (value < 0)
			text[length++] = (byte)'-';
		for (int i = start, j = length - 1; i < j; i++, j--) {
			byte b = text[i];
			text[i] = text[j];
			text[j] = b;
		}
	}

	static void Line(int kind, long us, long value)
	{
		byte[] word = words[kind];

		for (int i = 0; i < word.Length; i++)
			text[length++] = word[i];
		text[length++] = (byte)' ';
		Digits(us);
		if (kind != NoTruth) {
			text[length++] = (byte)' ';
			Digits(value);
		}
		text[length++] = (byte)'\n';
	}

	// A collection stops this thread: then the value and the stamps are of different moments.
	static void Note()
	{
		long before = Native.Now(), bytes = GC.GetTotalMemory(false), after = Native.Now();

		Line(after - before <= OneMoment && after >= before ? Truth : NoTruth, before, bytes);
	}

	static void Flush()
	{
		for (; said != marked; said++)
			Line(marks[said % MarksMax].kind, marks[said % MarksMax].us, marks[said % MarksMax].number);
		Native.Write(fd, text, length);
		length = 0;
		pending = 0;
	}

	static void Run()
	{
		for (;; Thread.Sleep(Period)) {
			lock (one) {
				Note();
				if (++pending >= ReadingsAWrite)
					Flush();
			}
		}
	}
}

// Objects whose text has a number in it, without a string's garbage.
public static class Marked
{
	public static byte[] New(byte[] word, int size, int number)
	{
		byte[] text = new byte[size];

		Buffer.BlockCopy(word, 0, text, 0, word.Length);
		for (int i = word.Length + 6; i >= word.Length; i--, number /= 10)
			text[i] = (byte)('0' + number % 10);
		text[word.Length + 7] = (byte)'-';
		return text;
	}
}

public sealed class Customer
{
	public const int Bytes = 1000; // about, with its array
	static readonly byte[] word = Encoding.ASCII.GetBytes("CUSTOMER-MARKER-");
	public readonly byte[] Text;

	public Customer(int number)
	{
		Text = Marked.New(word, Bytes - 64, number);
	}
}

public sealed class Spike
{
	public const int Bytes = 10000;
	static readonly byte[] word = Encoding.ASCII.GetBytes("SPIKE-MARKER-");
	public readonly byte[] Text;

	public Spike(int number)
	{
		Text = Marked.New(word, Bytes - 64, number);
	}
}

// So many bytes a second, in steps of a millisecond or more; a rate of 0 is as fast as it goes.
public sealed class Pace
{
	readonly double bytesPerTick;
	readonly long begun = Native.Now();
	readonly long until;
	long done;

	public Pace(double mbPerS, double seconds)
	{
		bytesPerTick = mbPerS; // MB a second are bytes a microsecond
		until = seconds > 0 ? begun + (long)(seconds * 1e6) : long.MaxValue;
	}

	public long Done { get { return done; } }

	// How many bytes may be allocated now; 0 at the end.
	public long Next()
	{
		for (;;) {
			long now = Native.Now();
			if (now >= until)
				return 0;
			if (bytesPerTick == 0)
				return 1 << 20;
			// Who was frozen does not make up for it.
			long owed = Math.Min((long)((now - begun) * bytesPerTick) - done, (long)(50000 * bytesPerTick));
			if (owed > 0)
				return owed;
			Thread.Sleep(1);
		}
	}

	public void Took(long bytes)
	{
		done += bytes;
		long behind = bytesPerTick == 0 ? 0 : (long)((Native.Now() - begun) * bytesPerTick) - done;
		if (behind > (long)(50000 * bytesPerTick))
			done += behind - (long)(50000 * bytesPerTick);
	}
}

public static class Loads
{
	static object[] live;
	static object held;
	static int spikes;
	static long allocated;

	static void Base(int mb)
	{
		live = new object[mb * 1000000L / Customer.Bytes];
		for (int i = 0; i < live.Length; i++)
			live[i] = new Customer(i + 1);
		Native.Say("customers " + live.Length);
	}

	// In a frame of its own, so that no slot of the caller's holds a part of it.
	[MethodImpl(MethodImplOptions.NoInlining)]
	static void GrowSpike(int objects, int interruptGeneration)
	{
		Spike[] now = new Spike[objects];

		held = now;
		for (int i = 0; i < objects; i++) {
			now[i] = new Spike(spikes % 100 * 100000 + i + 1);
			if (i == objects / 2 && interruptGeneration >= 0) {
				Notes.Leave(Notes.Interrupted, spikes);
				GC.Collect(interruptGeneration);
			}
		}
	}

	static void OneSpike(int mb, int holdMs, int interruptGeneration)
	{
		int objects = mb * 1000000 / Spike.Bytes;

		spikes++;
		Notes.Leave(Notes.Begin, spikes);
		GrowSpike(objects, interruptGeneration);
		Notes.Leave(Notes.Top, spikes);
		Native.Say("spike " + objects);
		Thread.Sleep(holdMs);
		held = null;
		Notes.Leave(Notes.End, spikes);
		GC.Collect();
		Native.Say("quiet " + (GC.GetTotalMemory(false) / 1e6).ToString("R", CultureInfo.InvariantCulture));
	}

	public static int Spikes(int baseMb, int spikeMb, int holdMs, int periodMs, double seconds, int interrupt)
	{
		long now = Native.Now(), end = now + (long)(seconds * 1e6);
		long next = now + Math.Max(periodMs - holdMs, 0) * 1000L;

		Base(baseMb);
		while (seconds == 0 || Native.Now() < end) {
			// Who was frozen does not make up for it.
			next = SleepUntil(next) + periodMs * 1000L;
			OneSpike(spikeMb, holdMs, interrupt);
		}
		return 0;
	}

	public static int Early(int spikeMb, long started)
	{
		Base(100);
		long left = started + 1000000 - Native.Now();
		if (left > 0)
			Thread.Sleep((int)(left / 1000));
		Native.Say(left > 0 ? "early 0" : "early " + -left);
		OneSpike(spikeMb, 300, -1);
		Thread.Sleep(Timeout.Infinite);
		return 0;
	}

	static uint Random(ref uint state)
	{
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		return state;
	}

	delegate object Make(ref uint state, out int bytes);

	static object MakeSmall(ref uint state, out int bytes)
	{
		bytes = 24 + (int)(Random(ref state) % 1976); // with the 24 of an array's head
		return new byte[bytes - 24];
	}

	static object MakeLarge(ref uint state, out int bytes)
	{
		bytes = 100000 + (int)(Random(ref state) % 4900000);
		return new byte[bytes - 24];
	}

	// One of ten is pinned for as long as it lives, as a buffer under input and output would be.
	sealed class Pinned
	{
		GCHandle handle;

		public Pinned(byte[] buffer)
		{
			handle = GCHandle.Alloc(buffer, GCHandleType.Pinned);
		}

		public void Free()
		{
			handle.Free();
		}
	}

	static object MakePinned(ref uint state, out int bytes)
	{
		bytes = 24 + (int)(Random(ref state) % 8000);
		byte[] buffer = new byte[bytes - 24];

		if (Random(ref state) % 10 != 0)
			return buffer;
		bytes += 24;
		return new Pinned(buffer);
	}

	// Objects of one kind on `threads` threads; of each, one is kept in the place of an older one.
	static int Churn(Make make, int average, int threads, double mbPerS, double seconds, int liveMb)
	{
		Thread[] workers = new Thread[threads];
		int places = (int)Math.Max(1, liveMb * 1000000L / threads / average);

		for (int i = 0; i < threads; i++) {
			uint seed = 2463534242u + (uint)i * 7919u;
			object[] kept = new object[places];
			workers[i] = new Thread(() => Worker(make, seed, kept, mbPerS / threads, seconds));
			workers[i].Start();
		}
		for (int i = 0; i < threads; i++) {
			while (!workers[i].Join(500))
				SayAllocated();
		}
		SayAllocated();
		return 0;
	}

	static void SayAllocated()
	{
		Native.Say("allocated " + Interlocked.Read(ref allocated) + " bytes at " + Native.Now());
	}

	static void Worker(Make make, uint seed, object[] kept, double mbPerS, double seconds)
	{
		uint state = seed;
		int bytes, place = 0;
		Pace pace;

		for (int i = 0; i < kept.Length; i++)
			kept[i] = make(ref state, out bytes);
		pace = new Pace(mbPerS, seconds);
		for (long may; (may = pace.Next()) > 0; ) {
			long took = 0;
			for (; took < may; took += bytes) {
				object made = make(ref state, out bytes);
				// Every fourth is kept for a while, the others die young.
				if ((Random(ref state) & 3) != 0) {
					(made as Pinned)?.Free();
					continue;
				}
				if (++place >= kept.Length)
					place = 0;
				(kept[place] as Pinned)?.Free();
				kept[place] = made;
			}
			pace.Took(took);
			Interlocked.Add(ref allocated, took);
		}
	}

	public static int Small(double mbPerS, double seconds, int liveMb)
	{
		return Churn(MakeSmall, 1012, 2, mbPerS, seconds, liveMb);
	}

	public static int Large(double mbPerS, double seconds, int liveMb)
	{
		return Churn(MakeLarge, 2550000, 1, mbPerS, seconds, liveMb);
	}

	public static int PinnedLoad(double mbPerS, double seconds, int liveMb)
	{
		return Churn(MakePinned, 4024, 2, mbPerS, seconds, liveMb);
	}

	// For what watching costs: one thread, and next to nothing that lives.
	public static int Paced(double mbPerS, double seconds)
	{
		return Churn(MakeSmall, 1012, 1, mbPerS, seconds, 1);
	}

	// Arrays of 100 kB, which are in no generation that a small budget collects.
	[MethodImpl(MethodImplOptions.NoInlining)]
	static object Arrays(int n)
	{
		byte[][] arrays = new byte[n][];

		for (int i = 0; i < n; i++)
			arrays[i] = new byte[100000 - 24];
		return arrays;
	}

	public static int Flap(double lowMb, double highMb, double hertz, double seconds)
	{
		int low = (int)(lowMb * 10), more = (int)(highMb * 10) - low;
		long next = Native.Now(), end = next + (long)(seconds * 1e6), half = (long)(5e5 / hertz);

		live = new[] { Arrays(low) };
		Native.Say("flapping");
		while (Native.Now() < end) {
			spikes++;
			Notes.Leave(Notes.Begin, spikes);
			held = Arrays(more);
			Notes.Leave(Notes.Top, spikes);
			next = SleepUntil(next + half);
			held = null;
			Notes.Leave(Notes.End, spikes);
			GC.Collect();
			next = SleepUntil(next + half);
		}
		Native.Say("flapped " + spikes);
		Thread.Sleep(Timeout.Infinite);
		return 0;
	}

	static long SleepUntil(long us)
	{
		long now = Native.Now();

		if (us <= now)
			return now;
		Thread.Sleep((int)((us - now + 999) / 1000));
		return us;
	}

	public static int Exceptions(int n, double perS)
	{
		for (int i = 0; i < n; i++) {
			try {
				throw new InvalidOperationException("as asked");
			} catch (InvalidOperationException) {
			}
			Thread.Sleep((int)(1000 / perS));
		}
		Native.Say("thrown " + n);
		Thread.Sleep(Timeout.Infinite);
		return 0;
	}
}

public static class Truth
{
	static int Usage()
	{
		Console.Error.WriteLine("usage: truth FILE LOAD ARGUMENTS     the truth goes to FILE; - for nowhere\n"
			+ "  spike BASE_MB SPIKE_MB HOLD_MS PERIOD_MS SECONDS [GENERATION]\n"
			+ "        BASE_MB of Customers, and SPIKE_MB of Spikes held for HOLD_MS of every PERIOD_MS; ends\n"
			+ "        after SECONDS (0: never). A collection of GENERATION interrupts the growth half way\n"
			+ "  early SPIKE_MB               base 100 MB, one spike of 300 ms a second after the start; runs on\n"
			+ "  small|loh|pinned MB_PER_S SECONDS [LIVE_MB]\n"
			+ "        objects of 24 to 2000 bytes on two threads; of 0.1 to 5 MB; of 24 to 8024 bytes of which\n"
			+ "        a tenth is pinned. LIVE_MB (50) are alive. MB_PER_S 0: flat out\n"
			+ "  paced MB_PER_S SECONDS       small objects that die young, on one thread\n"
			+ "  flap LOW_MB HIGH_MB HZ SECONDS   the heap's level goes to and fro; then stays, runs on\n"
			+ "  exceptions N PER_S           thrown and caught; runs on");
		return 2;
	}

	static readonly string[] loads = {
		"spike 5 6", "early 1 1", "small 2 3", "loh 2 3", "pinned 2 3", "paced 2 2", "flap 4 4", "exceptions 2 2"
	};

	static bool Known(string load, int arguments)
	{
		foreach (string row in loads) {
			string[] r = row.Split(' ');
			if (r[0] == load)
				return arguments >= int.Parse(r[1]) && arguments <= int.Parse(r[2]);
		}
		return false;
	}

	static int Run(string load, double[] a, long started)
	{
		int live = a.Length > 2 ? (int)a[2] : 50;

		switch (load) {
		case "spike":
			return Loads.Spikes((int)a[0], (int)a[1], (int)a[2], (int)a[3], a[4], a.Length > 5 ? (int)a[5] : -1);
		case "early":
			return Loads.Early((int)a[0], started);
		case "small":
			return Loads.Small(a[0], a[1], live);
		case "loh":
			return Loads.Large(a[0], a[1], live);
		case "pinned":
			return Loads.PinnedLoad(a[0], a[1], live);
		case "paced":
			return Loads.Paced(a[0], a[1]);
		case "flap":
			return Loads.Flap(a[0], a[1], a[2], a[3]);
		default:
			return Loads.Exceptions((int)a[0], a[1]);
		}
	}

	public static int Main(string[] args)
	{
		long started = Native.Now();
		double[] numbers;
		int status;

		if (args.Length < 2 || !Known(args[1], args.Length - 2))
			return Usage();
		numbers = new double[args.Length - 2];
		for (int i = 0; i < numbers.Length; i++)
			numbers[i] = double.Parse(args[i + 2], CultureInfo.InvariantCulture);
		// The process's own file names it, without System.Diagnostics.Process and its threads.
		Native.Say("READY " + Path.GetFileName(File.ReadAllText("/proc/self/stat").Split(' ')[0]));
		Notes.Open(args[0]);
		status = Run(args[1], numbers, started);
		Notes.Close();
		Native.Say("DONE");
		return status;
	}
}
