using System.Globalization;
using KsLottery.Benchmarks;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.TorchPeers;

/// <summary>The options of <c>kslottery bench model</c> that say what is computed, with its defaults.</summary>
/// <param name="Plan">Shape, tokens and ticket.</param>
/// <param name="Threads">Threads of both.</param>
internal sealed record PeerOptions(ModelBenchPlan Plan, int Threads)
{
    /// <summary>Reads names and values in turns.</summary>
    /// <exception cref="ArgumentException">A name is unknown or a value is missing.</exception>
    public static PeerOptions Read(string[] words)
    {
        Dictionary<string, string> given = [];
        Dictionary<string, int> numbers = new()
        {
            ["--width"] = 288,
            ["--layers"] = 6,
            ["--heads"] = 6,
            ["--feed-forward"] = 768,
            ["--vocabulary"] = 32_000,
            ["--length"] = 256,
            ["--batch"] = 4,
            ["--rows"] = 18,
            ["--threads"] = 1,
        };
        for (int i = 0; i < words.Length; i += 2)
        {
            if (i + 1 == words.Length || (words[i] != "--tokens" && !numbers.ContainsKey(words[i])))
                throw new ArgumentException($"{words[i]}: give --tokens or {string.Join(", ", numbers.Keys)}, each with a value.");
            if (words[i] == "--tokens") given[words[i]] = words[i + 1];
            else numbers[words[i]] = int.Parse(words[i + 1], CultureInfo.InvariantCulture);
        }
        int heads = numbers["--heads"], batch = numbers["--batch"], length = numbers["--length"], threads = numbers["--threads"];
        LlamaConfig config = new()
        {
            Width = numbers["--width"],
            FeedForwardWidth = numbers["--feed-forward"],
            LayerCount = numbers["--layers"],
            Attention = new AttentionShape(heads, heads, numbers["--width"] / heads),
            VocabularySize = numbers["--vocabulary"],
            MaxLength = length,
            NormEpsilon = 1e-5,
            IsTied = true,
        };
        return new(new(config, batch, length, numbers["--rows"], () => ComputeDevice.Open("cpu", threads: threads), TimeSpan.Zero, [],
            given.TryGetValue("--tokens", out string? path) ? BenchText.Read(path, config.VocabularySize, batch, length) : null), threads);
    }
}
