using System.Collections;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>The sentence pairs of a file, or of two aligned ones.</summary>
/// <remarks>
/// <para>
/// All files are UTF-8, plain or gzip (also of several members), with or without a byte order mark, with any line ending that the whole
/// file
/// keeps to; blank lines at the end are passed over. A single file named <c>.json</c>, <c>.jsonl</c> or <c>.ndjson</c> (before a
/// <c>.gz</c>) is JSON: objects, one behind the other or in an array. Any other single file has columns with tabs between them.
/// <c>-</c> is the standard input, JSON where it begins with <c>{</c> or <c>[</c>.
/// </para>
/// <para>
/// Of an object the first form that it has is read: the two <see cref="ParallelTextOptions.SourceKey">keys</see> that were named, where
/// both are its own; <c>messages</c>, or <c>prompt</c> and <c>completion</c> as lists of messages, with one message of the role <c>user</c>
/// (the
/// source) and behind it one of the role <c>assistant</c> (the target), before both perhaps one of the role <c>system</c> (the
/// instruction), and no other; <c>prefix</c> and <c>text</c>, or <c>prompt</c> and <c>completion</c> (the whole prompt and its answer, no
/// template); <c>instruction</c>, <c>input</c> and <c>output</c> (Alpaca; where <c>input</c> is blank or absent, the prompt is made of the
/// instruction alone); <c>translation</c> (an object by language, with both keys named); <c>source</c> and <c>target</c>.
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
        if (path != TextFile.StandardInput && !File.Exists(path) && path.Split(',') is [{ Length: > 0 } source, { Length: > 0 } target])
            return Read(source, target, options);
        ParallelText text = new(options);
        if (TextFile.IsJson(path, ".json", ".jsonl", ".ndjson")) JsonPairs.Read(path, text._options, text.Add);
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
        // A blank line at the end stays where the other side has a text for it: that pair lacks a side.
        int count = Math.Max(LastText(sources), LastText(targets));
        foreach (List<string> lines in (List<string>[])[sources, targets])
            if (lines.Count > count) lines.RemoveRange(count, lines.Count - count);
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

    /// <summary>The number of lines up to the last that is not blank.</summary>
    private static int LastText(List<string> lines) => lines.FindLastIndex(line => !string.IsNullOrWhiteSpace(line)) + 1;

    private void ReadColumns(string path)
    {
        int line = 0;
        List<string> lines = TextFile.ReadLines(path);
        foreach (string text in lines.Take(LastText(lines)))
        {
            string[] columns = text.Split('\t');
            line++;
            if (columns.Length < Math.Max(_options.SourceColumn, _options.TargetColumn) && !_options.SkipIncomplete)
            {
                throw TextFile.Damaged(path, line, $"{columns.Length} columns with tabs between them, but columns {_options.SourceColumn} "
                    +
                    $"and {_options.TargetColumn} are asked for; name other columns, give two aligned files as SOURCE,TARGET, " +
                    "or skip incomplete pairs");
            }
            Add(new SentencePair(Column(_options.SourceColumn), Column(_options.TargetColumn), path, line));

            string Column(int number) => number <= columns.Length ? columns[number - 1].Trim() : "";
        }
    }

    private void Add(SentencePair pair)
    {
        string source = pair.Question;
        if (!string.IsNullOrWhiteSpace(source) && !string.IsNullOrWhiteSpace(pair.Target)) _pairs.Add(pair);
        else if (_options.SkipIncomplete) SkippedCount++;
        else
        {
            throw TextFile.Damaged(pair.Path, pair.Line,
                $"the {(string.IsNullOrWhiteSpace(source) ? "source" : "target")} is empty; complete the pair, or skip incomplete pairs");
        }
    }

    private ParallelText OrRefuse(string path) => Count > 0 ? this
        : throw new InvalidDataException(
            $"{TextFile.NameOf(path)}: no sentence pair in it ({SkippedCount} incomplete ones were skipped). Give one or more.");
}
