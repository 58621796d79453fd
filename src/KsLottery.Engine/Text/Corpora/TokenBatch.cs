namespace KsLottery.Engine.Text.Corpora;

/// <summary>Several token sequences, packed one behind the other: N rows without padding.</summary>
public sealed class TokenBatch
{
    /// <summary>The target of a row that carries no loss.</summary>
    public const int NoTarget = -1;

    /// <param name="tokens">The tokens of all sequences, N of them.</param>
    /// <param name="targets">The token that should follow each of them, or <see cref="NoTarget"/>; N of them.</param>
    /// <param name="starts">The first row of each of the B sequences, and N: B + 1 ascending numbers from 0.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, a sequence is empty, or a token is negative.</exception>
    public TokenBatch(int[] tokens, int[] targets, int[] starts)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(starts);
        if (targets.Length != tokens.Length)
            throw new ArgumentException($"{tokens.Length} tokens have {targets.Length} targets; give one target a token.", nameof(targets));
        if (starts.Length < 2 || starts[0] != 0 || starts[^1] != tokens.Length)
            throw new ArgumentException($"starts must go from 0 to the number of tokens, {tokens.Length}.", nameof(starts));
        for (int s = 1; s < starts.Length; s++)
            if (starts[s] <= starts[s - 1])
                throw new ArgumentException($"sequence {s - 1} has {starts[s] - starts[s - 1]} tokens; leave empty sequences out.",
                    nameof(starts));
        for (int i = 0; i < tokens.Length; i++)
            if (tokens[i] < 0 || targets[i] < NoTarget)
                throw new ArgumentException(
                    $"row {i} has token {tokens[i]} and target {targets[i]}; ids start at 0, {NoTarget} is no target.", nameof(tokens));
        (Tokens, Targets, Starts) = (tokens, targets, starts);
        TargetCount = targets.Count(t => t != NoTarget);
    }

    /// <summary>The tokens of all sequences, N of them.</summary>
    public int[] Tokens { get; }

    /// <summary>The token that should follow each of them, or <see cref="NoTarget"/>; N of them.</summary>
    public int[] Targets { get; }

    /// <summary>The first row of each sequence, and N at the end: B + 1 numbers.</summary>
    public int[] Starts { get; }

    /// <summary>The number of rows, N.</summary>
    public int RowCount => Tokens.Length;

    /// <summary>The number of sequences, B.</summary>
    public int SequenceCount => Starts.Length - 1;

    /// <summary>The number of rows that have a target.</summary>
    public int TargetCount { get; }

    /// <summary>One sequence without targets, for a model that only looks ahead.</summary>
    /// <inheritdoc cref="TokenBatch(int[], int[], int[])" path="/exception"/>
    public static TokenBatch OfPrompt(int[] tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        int[] targets = new int[tokens.Length];
        targets.AsSpan().Fill(NoTarget);
        return new(tokens, targets, [0, tokens.Length]);
    }
}
