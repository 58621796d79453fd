using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using Tensor = KsLottery.Engine.Checkpoints.Tensor;

namespace KsLottery.LlamaPeers;

/// <summary>Both models on the same weights and tokens: first their logits, then their times.</summary>
internal sealed class Comparison : IDisposable
{
    private const int WarmUps = 2;

    /// <summary>Seconds that all threads together spent, where the environment asks for it.</summary>
    private static readonly bool ByProcessor = Environment.GetEnvironmentVariable("CLOCK") == "processor";

    private readonly OurModel _ours;
    private readonly TheirModel _theirs;
    private readonly TheirModel? _wide;
    private readonly int[] _prompt, _tokens;
    private readonly int _threads;
    private readonly ElementType _type;
    private readonly long _parameters, _bytes;

    private Comparison(string folder, string file, string? wideFile, int threads, int prompt, int tokens)
    {
        _threads = threads;
        _ours = new(folder, threads, prompt + tokens);
        _theirs = new(file, threads, prompt + tokens);
        _wide = wideFile is null ? null : new(wideFile, threads, prompt + tokens);
        _type = _ours.Tensors.First().ElementType;
        (_parameters, _bytes) = (_ours.Tensors.Sum(t => t.ElementCount), _ours.Tensors.Sum(t => t.ByteLength));
        SplitMix64 random = new(2);
        _prompt = [.. Enumerable.Range(0, prompt).Select(_ => random.NextBelow(_ours.VocabularySize))];
        _tokens = new int[tokens];
    }

    /// <summary>Prints a row of the table: tokens/s, medians of the rounds, and the share of a plain read of the same bytes. Returns
    /// whether the logits are the same but for rounding.</summary>
    /// <param name="folder">Our model.</param>
    /// <param name="file">The same weights for llama.cpp.</param>
    /// <param name="wideFile">The same again, widened to F32; or null.</param>
    /// <param name="threads">Of either side.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="tokens">Tokens read one by one behind it.</param>
    /// <param name="rounds">How often each side is timed.</param>
    public static bool Run(string folder, string file, string? wideFile, int threads, int prompt, int tokens, int rounds)
    {
        using Comparison comparison = new(folder, file, wideFile, threads, prompt, tokens);
        if (!comparison.Agree()) return false;
        comparison.Time(rounds);
        return true;
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        _wide?.Dispose();
    }

    private bool Agree() =>
        Agree(_theirs, _type) && (_wide is null || Agree(_wide, ElementType.F32));

    /// <summary>The largest difference of the logits, in their standard deviations, with both reading the tokens that ours likes
    /// best.</summary>
    /// <remarks>llama.cpp keeps keys and values in F16, and rounds what a 16-bit matrix is multiplied with to that type.</remarks>
    private bool Agree(TheirModel theirs, ElementType type)
    {
        double limit = type == ElementType.F32 ? 0.02 : 0.2, worst = 0;
        int same = 0;
        for (int i = 0; i < _tokens.Length; i++)
        {
            ReadOnlySpan<float> own = i == 0 ? _ours.Read(_prompt) : _ours.Append(_tokens[i - 1]),
                other = i == 0 ? theirs.Read(_prompt) : theirs.Append(_tokens[i - 1]);
            _tokens[i] = TensorPrimitives.IndexOfMax(own);
            if (TensorPrimitives.IndexOfMax(other) == _tokens[i]) same++;
            float[] difference = new float[own.Length];
            TensorPrimitives.Subtract(own, other, difference);
            worst = Math.Max(worst, Math.Abs(TensorPrimitives.MaxMagnitude(difference)) / TensorPrimitives.StdDev(own));
        }
        bool agree = worst <= limit;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_type} beside {type}: logits differ by up to {worst:G3} deviations{(agree ? "" : $", more than {limit}")}; "
            + $"the likeliest token is the same at {same} of {_tokens.Length} places"));
        return agree;
    }

    private void Time(int rounds)
    {
        List<double> reads = [];
        List<(double Prompt, double Tokens)> own = [], other = [], wide = [];
        for (int round = -WarmUps; round < rounds; round++)
        {
            double read = Seconds(ReadAll);
            (double, double) ours = Seconds(_ours), theirs = Seconds(_theirs), wides = _wide is null ? default : Seconds(_wide);
            if (round < 0) continue;
            reads.Add(read);
            own.Add(ours);
            other.Add(theirs);
            wide.Add(wides);
        }
        double ownPrompt = Median(own.Select(t => t.Prompt)), ownTokens = Median(own.Select(t => t.Tokens));
        string besideWide = _wide is null ? "|" : string.Create(CultureInfo.InvariantCulture,
            $"{_tokens.Length / Median(wide.Select(t => t.Tokens)):N0} | {Median(own.Zip(wide, (a, b) => b.Tokens / a.Tokens)):F2}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {_parameters / 1e6:F1} M {_type}, {_threads} | {_prompt.Length / ownPrompt:N0} | "
            + $"{_prompt.Length / Median(other.Select(t => t.Prompt)):N0} | {Median(own.Zip(other, (a, b) => b.Prompt / a.Prompt)):F2} | "
            + $"{_tokens.Length / ownTokens:N0} | {_tokens.Length / Median(other.Select(t => t.Tokens)):N0} | "
            + $"{Median(own.Zip(other, (a, b) => b.Tokens / a.Tokens)):F2} | "
            + $"{besideWide} | {100 * Median(own.Zip(reads, (a, r) => r * _tokens.Length / a.Tokens)):F0} % of "
            + $"{_bytes / Median(reads) / 1e9:F1} GB/s |"));
    }

    private (double Prompt, double Tokens) Seconds(ITextModel model)
    {
        double prompt = Seconds(() => model.Read(_prompt));
        return (prompt, Seconds(() =>
        {
            foreach (int token in _tokens) TensorPrimitives.IndexOfMax(model.Append(token));
        }));
    }

    /// <summary>Reads every weight once, each thread its share of each tensor.</summary>
    private void ReadAll()
    {
        ulong[] sums = new ulong[_threads];
        Thread[] others = [.. Enumerable.Range(1, _threads - 1).Select(part => new Thread(() => ReadPart(part)))];
        foreach (Thread thread in others) thread.Start();
        ReadPart(0);
        foreach (Thread thread in others) thread.Join();

        void ReadPart(int part)
        {
            foreach (Tensor tensor in _ours.Tensors)
            {
                long from = tensor.ByteLength * part / _threads, to = tensor.ByteLength * (part + 1) / _threads;
                sums[part] += Sum(tensor.GetBytes(from, checked((int)(to - from)), []));
            }
        }
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector<ulong>> v = MemoryMarshal.Cast<byte, Vector<ulong>>(bytes);
        Vector<ulong> a = default, b = default;
        for (int i = 0; i + 1 < v.Length; i += 2) (a, b) = (a + v[i], b + v[i + 1]);
        return Vector.Sum(a + b);
    }

    private static double Seconds(Action work)
    {
        TimeSpan spent = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        work();
        return ByProcessor ? (Environment.CpuUsage.TotalTime - spent).TotalSeconds : Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
