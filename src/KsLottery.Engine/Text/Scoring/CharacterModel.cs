using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Numbers the characters of some texts from 2 on, the frequent ones first; 1 is any other, 0 none.</summary>
internal sealed class CharacterAlphabet
{
    /// <summary>The bits of a number.</summary>
    public const int Bits = 12;

    private const int Unknown = 1, MaxCount = (1 << Bits) - 2;

    private readonly Dictionary<Rune, int> _symbols;

    public CharacterAlphabet(IEnumerable<string> texts) => _symbols = texts.SelectMany(t => t.EnumerateRunes()).CountBy(r => r)
        .OrderByDescending(r => r.Value).ThenBy(r => r.Key).Take(MaxCount).Select((r, i) => (r.Key, Symbol: i + Unknown + 1))
        .ToDictionary(r => r.Key, r => r.Symbol);

    /// <summary>The number of characters, the unknown one among them.</summary>
    public int Count => _symbols.Count + 1;

    public int[] SymbolsOf(string text) => [.. text.EnumerateRunes().Select(r => _symbols.GetValueOrDefault(r, Unknown))];
}

/// <summary>The probability of each character given those before it, by absolute discounting: max(n(hc) - δ, 0)/n(h) + δ·t(h)/n(h)·P(c|h'),
/// where t(h) different characters follow h, and h' is h without its first; the last stop is one over the size of the alphabet.</summary>
internal sealed class CharacterModel
{
    private const int Order = 5;
    private const double Discount = 0.75;

    private readonly Dictionary<ulong, Node> _nodes = [];
    private readonly double _uniform;

    /// <param name="alphabet">Numbers the characters.</param>
    /// <param name="lines">What is learned from.</param>
    public CharacterModel(CharacterAlphabet alphabet, IReadOnlyList<string> lines)
    {
        (_uniform, Lines) = (1.0 / alphabet.Count, lines.Count);
        foreach (string line in lines) Learn(alphabet.SymbolsOf(line));
    }

    /// <summary>The number of lines that were learned.</summary>
    public int Lines { get; }

    /// <summary>The natural logarithm of a text's probability, its first character being given.</summary>
    public double LogProbability(ReadOnlySpan<int> symbols)
    {
        double sum = 0;
        for (int i = 1; i < symbols.Length; i++) sum += Math.Log(Probability(symbols, i));
        return sum;
    }

    private double Probability(ReadOnlySpan<int> symbols, int place)
    {
        double probability = _uniform;
        for (int length = 0; length < Order && length <= place; length++)
        {
            ReadOnlySpan<int> history = symbols.Slice(place - length, length);
            if (!_nodes.TryGetValue(KeyOf(history), out Node before) || before.Total == 0) break;
            int count = _nodes.GetValueOrDefault(KeyOf(symbols.Slice(place - length, length + 1))).Count;
            probability = (Math.Max(count - Discount, 0) + (Discount * before.Kinds * probability)) / before.Total;
        }
        return probability;
    }

    private void Learn(ReadOnlySpan<int> symbols)
    {
        for (int i = 1; i < symbols.Length; i++)
            for (int length = 0; length < Order && length <= i; length++)
            {
                bool isNew = NodeOf(symbols.Slice(i - length, length + 1)).Count++ == 0;
                ref Node before = ref NodeOf(symbols.Slice(i - length, length));
                before.Total++;
                if (isNew) before.Kinds++;
            }
    }

    private ref Node NodeOf(ReadOnlySpan<int> symbols) =>
        ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, KeyOf(symbols), out _);

    /// <summary>Characters as one number; none is 0, so that texts of different lengths differ.</summary>
    private static ulong KeyOf(ReadOnlySpan<int> symbols)
    {
        ulong key = 0;
        foreach (int symbol in symbols) key = key << CharacterAlphabet.Bits | (uint)symbol;
        return key;
    }

    private struct Node
    {
        /// <summary>How often the characters stand in the text, and behind them one or more, and how many different ones.</summary>
        public int Count, Total, Kinds;
    }
}
