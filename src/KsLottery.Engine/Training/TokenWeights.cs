using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Training;

/// <summary>How much targets count in a loss, by their tokens: a class's weight where one token stands for a class. All others count
/// 1.</summary>
public sealed class TokenWeights
{
    private readonly SortedDictionary<int, double> _weights;

    /// <param name="weights">The weight of some tokens, by id.</param>
    /// <exception cref="ArgumentException">An id is negative, or a weight negative or not finite.</exception>
    public TokenWeights(IEnumerable<KeyValuePair<int, double>> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _weights = new(new Dictionary<int, double>(weights));
        foreach ((int token, double weight) in _weights)
            if (token < 0 || !IsAllowed(weight))
                throw new ArgumentException($"token {token} has the weight {weight}. Ids start at 0, weights are finite, 0 or more.",
                    nameof(weights));
    }

    /// <summary>Reads a file: in each line a token, a tab and its weight.</summary>
    /// <remarks>A token is an id, or what the tokenizer's file calls it, such as <c>▁yes</c>. Blank lines are passed over.</remarks>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="vocabulary">V, the number of tokens that the model predicts.</param>
    /// <exception cref="InvalidDataException">A line is none of these, names no token, or one twice; names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TokenWeights Read(string path, Tokenizer tokenizer, int vocabulary)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        Dictionary<string, int>? pieces = null;
        Dictionary<int, double> weights = [];
        foreach ((int index, string line) in TextFile.ReadLines(path).Index())
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (line.Split('\t') is not [{ Length: > 0 } token, string number])
                throw Invalid("this is no token, a tab and a weight. Write, for instance, 29871, a tab and 0.5");
            if (!PlainNumber.TryReal(number, out double weight) || !IsAllowed(weight))
                throw Invalid($"'{number}' is no weight, which is a number from 0. {PlainNumber.PointRule}");
            if (!PlainNumber.TryDigits(token, out int id) && !(pieces ??= PiecesOf(tokenizer, vocabulary)).TryGetValue(token, out id))
                throw Invalid($"the tokenizer has no token {CheckpointFormatException.Quote(token)}. Give its id, or its name as "
                    + $"{Path.GetFileName(tokenizer.FilePath)} has it");
            if (id >= vocabulary) throw Invalid($"token {id} lies outside the vocabulary, 0 to {vocabulary - 1}. Mend the line");
            if (!weights.TryAdd(id, weight)) throw Invalid($"token {id} is there twice. Give each token once");

            InvalidDataException Invalid(string problem) =>
                new(string.Create(CultureInfo.InvariantCulture, $"{path}: line {index + 1}: {problem}."));
        }
        return weights.Count > 0 ? new(weights)
            : throw new InvalidDataException($"{path}: no weight in it. Give one or more, each in a line of its own.");
    }

    /// <summary>How many tokens have a weight of their own.</summary>
    public int Count => _weights.Count;

    /// <summary>The weight of each token, V of them.</summary>
    /// <exception cref="ArgumentException">A token lies outside the vocabulary.</exception>
    internal float[] ToArray(int vocabulary)
    {
        float[] all = new float[vocabulary];
        Array.Fill(all, 1);
        foreach ((int token, double weight) in _weights)
            all[token < vocabulary ? token : throw new ArgumentException($"token {token} has a weight, the vocabulary goes from 0 to "
                + $"{vocabulary - 1}. Leave it out.", nameof(vocabulary))] = (float)weight;
        return all;
    }

    internal string TakeFingerprint() =>
        Fingerprint.OfLines(_weights.Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Key} {w.Value}")));

    private static bool IsAllowed(double weight) => weight >= 0 && double.IsFinite(weight);

    private static Dictionary<string, int> PiecesOf(Tokenizer tokenizer, int vocabulary)
    {
        Dictionary<string, int> pieces = [];
        for (int id = 0; id < vocabulary; id++) pieces.TryAdd(tokenizer.Names.Piece(id), id);
        return pieces;
    }
}
