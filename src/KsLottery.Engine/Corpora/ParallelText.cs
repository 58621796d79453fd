using System.Collections;

namespace KsLottery.Engine.Corpora;

/// <summary>The sentence pairs of a file, or of two aligned ones.</summary>
/// <remarks>
/// <para>
/// All files are UTF-8, plain or gzip, with or without a byte order mark, with either line ending. A single file named <c>.json</c>,
/// <c>.jsonl</c> or <c>.ndjson</c> (before a <c>.gz</c>) is JSON: objects, one behind the other or in an array, with <c>prefix</c> and
/// <c>text</c> (the whole prompt and its answer), <c>instruction</c>, <c>input</c> and <c>output</c> (Alpaca), <c>translation</c> (an
/// object by language) or <c>source</c> and <c>target</c>. Any other single file has columns with tabs between them.
/// </para>
/// <para>
/// White space around a side of a column or an aligned line is dropped, since it is not part of the sentence and a model would learn to
/// end with it; JSON strings are kept to the letter. Nothing else is changed: HTML entities, doubled quotes and the like stay.
/// </para>
/// </remarks>
public sealed class ParallelText : IReadOnlyList<SentencePair>
{
    private readonly List<SentencePair> _pairs = [];
    private readonly ParallelTextOptions _options;

    private ParallelText(ParallelTextOptions? options)
    {
        _options = options ?? new();
        if (Math.Min(_options.SourceColumn, _options.TargetColumn) < 1)
            throw new ArgumentOutOfRangeException(nameof(options),
                $"columns {_options.SourceColumn} and {_options.TargetColumn}: the first column is 1.");
    }

    /// <summary>The number of pairs.</summary>
    public int Count => _pairs.Count;

    /// <summary>The number of pairs left out because a side was empty or missing.</summary>
    public int SkippedCount { get; private set; }

    /// <summary>A pair, in the order of the file.</summary>
    public SentencePair this[int index] => _pairs[index];

    /// <summary>Reads the pairs of a file, or of two aligned files with a comma between their names.</summary>
    /// <param name="path">One file, or <c>SOURCE,TARGET</c> where no file has that whole name.</param>
    /// <param name="options">Columns and keys.</param>
    /// <exception cref="InvalidDataException">A line is damaged or lacks a side, or there is no pair; names file and line.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is less than 1.</exception>
    public static ParallelText Read(string path, ParallelTextOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path) && path.Split(',') is [{ Length: > 0 } source, { Length: > 0 } target]) return Read(source, target, options);
        ParallelText text = new(options);
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        if (Path.GetExtension(name).ToUpperInvariant() is ".JSON" or ".JSONL" or ".NDJSON") JsonPairs.Read(path, text._options, text.Add);
        else text.ReadColumns(path);
        return text.OrRefuse(path);
    }

    /// <summary>Reads the pairs of two files, of which each line of one translates the same line of the other.</summary>
    /// <exception cref="InvalidDataException">The numbers of lines differ, a line is damaged or empty, or there is none.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    public static ParallelText Read(string sourcePath, string targetPath, ParallelTextOptions? options = null)
    {
        ParallelText text = new(options);
        List<string> sources = TextFile.ReadLines(sourcePath), targets = TextFile.ReadLines(targetPath);
        if (sources.Count != targets.Count)
        {
            throw new InvalidDataException($"{sourcePath} has {sources.Count} lines and {targetPath} has {targets.Count}: aligned files " +
                "have equally many. Give the two sides of one corpus.");
        }
        for (int i = 0; i < sources.Count; i++)
            text.Add(new SentencePair(sources[i].Trim(), targets[i].Trim(), sourcePath, i + 1));
        return text.OrRefuse(sourcePath);
    }

    /// <inheritdoc/>
    public IEnumerator<SentencePair> GetEnumerator() => _pairs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void ReadColumns(string path)
    {
        int line = 0;
        foreach (string text in TextFile.ReadLines(path))
        {
            string[] columns = text.Split('\t');
            line++;
            if (columns.Length < Math.Max(_options.SourceColumn, _options.TargetColumn) && !_options.SkipIncomplete)
            {
                throw TextFile.Damaged(path, line, $"{columns.Length} columns with tabs between them, but columns {_options.SourceColumn} " +
                    $"and {_options.TargetColumn} are asked for; name other columns, give two aligned files as SOURCE,TARGET, " +
                    "or skip incomplete pairs");
            }
            Add(new SentencePair(Column(_options.SourceColumn), Column(_options.TargetColumn), path, line));

            string Column(int number) => number <= columns.Length ? columns[number - 1].Trim() : "";
        }
    }

    private void Add(SentencePair pair)
    {
        string source = pair.Prompt ?? pair.Source;
        if (!string.IsNullOrWhiteSpace(source) && !string.IsNullOrWhiteSpace(pair.Target)) _pairs.Add(pair);
        else if (_options.SkipIncomplete) SkippedCount++;
        else
        {
            throw TextFile.Damaged(pair.Path, pair.Line,
                $"the {(string.IsNullOrWhiteSpace(source) ? "source" : "target")} is empty; complete the pair, or skip incomplete pairs");
        }
    }

    private ParallelText OrRefuse(string path) => Count > 0 ? this
        : throw new InvalidDataException($"{path}: no sentence pair in it ({SkippedCount} incomplete ones were skipped). Give one or more.");
}
