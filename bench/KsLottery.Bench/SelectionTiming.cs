using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Bench;

/// <summary>Times the selection of the top share of |Δ| over a pair of checkpoints, pass by pass, against a plain read of both.</summary>
internal static class SelectionTiming
{
    private const int Rounds = 7;
    private const int Columns = 4096, ShardCount = 5, TensorsPerShard = 6;

    /// <summary><c>select make FOLDER MILLIONS</c> writes a pair and <c>manifest.txt</c> for the peers; <c>select run FOLDER SHARE IDS
    /// [THREADS]</c> times the passes, prints a table, and writes the ids of the winners as 64-bit numbers.</summary>
    public static int Run(string[] args)
    {
        if (args is ["make", string target, string millions]) Make(target, long.Parse(millions, CultureInfo.InvariantCulture) * 1_000_000);
        else if (args is ["run", string folder, string share, string ids, .. string[] threads])
            Time(folder, UnitShare.Parse(share), ids, threads is [string n] ? int.Parse(n, CultureInfo.InvariantCulture) : 0);
        else return 1;
        return 0;
    }

    /// <summary>A base of nearly normal values in BF16, and what a fine-tune made of it: small changes, many rounded away.</summary>
    private static void Make(string folder, long count)
    {
        long rows = Math.Max(1, count / (ShardCount * TensorsPerShard * Columns));
        foreach (bool isTuned in (bool[])[false, true])
        {
            string model = Path.Combine(folder, isTuned ? "tuned" : "base");
            Directory.CreateDirectory(model);
            List<string> places = [];
            for (int shard = 0; shard < ShardCount; shard++)
            {
                string file = $"model-{shard + 1:D5}-of-{ShardCount:D5}.safetensors";
                int first = shard * TensorsPerShard;
                SafetensorsWriter.Write(Path.Combine(model, file), Enumerable.Range(first, TensorsPerShard).Select(t => new TensorSource(
                    $"model.layers.{t}.weight", ElementType.BF16, [rows, Columns], stream => Write(stream, t, rows, isTuned))));
                places.AddRange(Enumerable.Range(first, TensorsPerShard).Select(t => $"\"model.layers.{t}.weight\":\"{file}\""));
            }
            File.WriteAllText(Path.Combine(model, "model.safetensors.index.json"),
                $"{{\"metadata\":{{}},\"weight_map\":{{{string.Join(',', places)}}}}}");
        }
        using Checkpoint before = Checkpoint.Open(Path.Combine(folder, "base")), after = Checkpoint.Open(Path.Combine(folder, "tuned"));
        File.WriteAllLines(Path.Combine(folder, "manifest.txt"), Sources(before, after).Select(s => string.Create(
            CultureInfo.InvariantCulture, $"{Place(s.Base)} {Place(s.Tuned!)} {s.Grid.Count}")));

        static string Place(Tensor tensor) => string.Create(CultureInfo.InvariantCulture, $"{tensor.File.Path} {tensor.FileOffset}");
    }

    private static void Write(Stream stream, int tensor, long rows, bool isTuned)
    {
        const int Step = 1 << 20;
        ushort[][] chunks = [new ushort[Step], new ushort[Step], new ushort[Step], new ushort[Step]];
        long count = rows * Columns;
        for (long first = 0; first < count; first += Step * chunks.Length)
        {
            long start = first;
            Parallel.For(0, chunks.Length, c =>
            {
                for (int i = 0; i < Step; i++) chunks[c][i] = Draw(((ulong)tensor << 40) + (ulong)(start + (c * (long)Step) + i), isTuned);
            });
            for (int c = 0; c < chunks.Length && start + (c * (long)Step) < count; c++)
                stream.Write(MemoryMarshal.AsBytes(chunks[c].AsSpan(0, (int)Math.Min(Step, count - start - (c * (long)Step)))));
        }
    }

    private static ushort Draw(ulong place, bool isTuned)
    {
        ulong bits = SplitMix64.Mix(place);
        float value = ((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48) - 131_070f) * (0.02f / 37_837f);
        if (!isTuned) return HalfPrecision.ToBFloat16(value);
        ulong other = SplitMix64.Mix(~place);
        float change = (short)other * (float)(short)(other >> 16) * (short)(other >> 32) * (0.002f / 3.5e13f);
        return HalfPrecision.ToBFloat16(HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(value)) + change);
    }

    private static IReadOnlyList<ScoreSource> Sources(Checkpoint before, Checkpoint after) =>
        [.. before.Tensors.Select(t => new ScoreSource(t, after.GetTensor(t.Name), TicketUnit.Elements.Cut(t)))];

    private static void Time(string folder, UnitShare share, string ids, int threads)
    {
        using Checkpoint before = Checkpoint.Open(Path.Combine(folder, "base")), after = Checkpoint.Open(Path.Combine(folder, "tuned"));
        IReadOnlyList<ScoreSource> sources = Sources(before, after);
        IndexSet?[] none = new IndexSet?[sources.Count];
        ElementPass elements = ElementPass.Of(TicketScore.Named("movement"), sources, none, none, threads, default);
        IReadOnlyList<ElementChunk> chunks = elements.Cut();
        long count = share.CountOf(elements.CandidateCount), bytes = 4 * elements.ElementCount;
        string[] names = ["plain read of both", "pass 1, sample and histogram", "pass 2, listing"];
        List<(double Clock, double Work)>[] times = [.. names.Select(_ => new List<(double, double)>())];
        using PeakMemory memory = new();
        IReadOnlyList<IndexSet> winners = [];
        for (int round = 0; round <= Rounds; round++)
        {
            (uint Key, long Ties) last = default;
            winners = [];
            GC.Collect(); // what a round leaves is no part of the next one's memory
            (double, double)[] took =
            [
                Clock(() => Read(sources, chunks, threads)),
                Clock(() => last = ElementRanking.FindLast(elements, chunks, count)),
                Clock(() =>
                {
                    ElementListing listing = new(sources, chunks, last.Key, last.Ties, (double)count / elements.ElementCount);
                    elements.Run(chunks, listing.NewVisitor);
                    winners = listing.ToSets();
                }),
            ];
            if (round > 0) // the first warms code and pages
                for (int i = 0; i < took.Length; i++) times[i].Add(took[i]);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{elements.ElementCount:N0} pairs of BF16, {share}: {count:N0} winners; {memory.Peak / 1e6:N0} MB beside the files\n"));
        Console.WriteLine("| | s by the clock | GB/s | part of a plain read | s of processors | part of a plain read |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        for (int i = 0; i < names.Length; i++)
        {
            (double clock, double work) = (Median(times[i].Select(t => t.Clock)), Median(times[i].Select(t => t.Work)));
            double clockPart = Median(times[i].Zip(times[0], (own, read) => read.Clock / own.Clock)),
                workPart = Median(times[i].Zip(times[0], (own, read) => read.Work / own.Work));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {names[i]} | {clock:F3} | {bytes / clock / 1e9:F2} | {100 * clockPart:F0} % | {work:F3} | {100 * workPart:F0} % |"));
        }
        WriteIds(ids, winners);
    }

    private static void WriteIds(string path, IReadOnlyList<IndexSet> winners)
    {
        using FileStream file = File.Create(path);
        long first = 0;
        long[] buffer = new long[1 << 16];
        foreach (IndexSet set in winners)
        {
            int used = 0;
            foreach (long index in set)
            {
                buffer[used++] = first + index;
                if (used < buffer.Length) continue;
                file.Write(MemoryMarshal.AsBytes<long>(buffer));
                used = 0;
            }
            file.Write(MemoryMarshal.AsBytes(buffer.AsSpan(0, used)));
            first += set.Length;
        }
    }

    /// <summary>The sum of all 64-bit words of both.</summary>
    private static void Read(IReadOnlyList<ScoreSource> sources, IReadOnlyList<ElementChunk> chunks, int threads)
    {
        int next = 0;
        ulong total = 0;
        threads = threads > 0 ? threads : Environment.ProcessorCount;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            ulong sum = 0;
            for (int number; (number = Interlocked.Increment(ref next) - 1) < chunks.Count;)
            {
                ElementChunk chunk = chunks[number];
                sum += Sum(sources[chunk.Tensor].Base.GetBytes(2 * chunk.Start, 2 * chunk.Length, []));
                sum += Sum(sources[chunk.Tensor].Tuned!.GetBytes(2 * chunk.Start, 2 * chunk.Length, []));
            }
            Interlocked.Add(ref total, sum);
        });
        GC.KeepAlive(total);
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ref ulong word = ref MemoryMarshal.GetReference(words);
        Vector512<ulong> a = default, b = default;
        int i = 0;
        for (; i + (2 * Vector512<ulong>.Count) <= words.Length; i += 2 * Vector512<ulong>.Count)
        {
            a += Vector512.LoadUnsafe(ref word, (nuint)i);
            b += Vector512.LoadUnsafe(ref word, (nuint)(i + Vector512<ulong>.Count));
        }
        ulong sum = Vector512.Sum(a + b);
        for (; i < words.Length; i++) sum += words[i];
        return sum;
    }

    private static (double Clock, double Work) Clock(Action work)
    {
        TimeSpan used = Process.GetCurrentProcess().TotalProcessorTime;
        long started = Stopwatch.GetTimestamp();
        work();
        TimeSpan clock = Stopwatch.GetElapsedTime(started);
        return (clock.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - used).TotalSeconds);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}

/// <summary>Looks every few milliseconds how much memory of the process lies in no file, and keeps the most.</summary>
internal sealed class PeakMemory : IDisposable
{
    private readonly Timer _timer;
    private long _peak;

    public PeakMemory() => _timer = new(_ => Look(), null, 0, 5);

    /// <summary>Bytes.</summary>
    public long Peak
    {
        get
        {
            Look();
            return Interlocked.Read(ref _peak);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        long bytes = 1024 * long.Parse(line["RssAnon:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture);
        for (long old; bytes > (old = Interlocked.Read(ref _peak)) && Interlocked.CompareExchange(ref _peak, bytes, old) != old;) { }
    }
}
