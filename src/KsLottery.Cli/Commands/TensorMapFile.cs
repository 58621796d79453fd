using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli.Commands;

/// <summary>Writes <c>tensors.tsv</c>: the map of a fine-tune, a line for each matrix, which <c>kslottery report</c> draws.</summary>
internal sealed class TensorMapFile
{
    private const string FileName = "tensors.tsv";
    private const string Header = "tensor\tbase_dtype\ttuned_dtype\trows\twidth\tunchanged\tchanged\tdegenerate\tnon_finite\tticket_rows\t"
        + "critical_h\tlargest_h\tlargest_D\n";

    private readonly string _folder;

    /// <summary>Looks before any work whether the file can be written.</summary>
    /// <param name="folder">The folder, which may hold other results; it is made where it does not exist.</param>
    /// <param name="replace">Whether an earlier map may be replaced.</param>
    /// <exception cref="IOException">Something else stands there.</exception>
    public TensorMapFile(string folder, bool replace)
    {
        _folder = folder;
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a folder for the output.");
        if (!File.Exists(Path)) return;
        if (!replace)
            throw new IOException($"{Path}: an earlier result stands there. Allow it to be replaced (--force), or name another folder.");
        if (!File.ReadLines(Path).Take(1).Contains(Header.TrimEnd('\n')))
            throw new IOException($"{Path}: another file stands there, which is no map of tensors. Name another folder.");
    }

    /// <summary>The file.</summary>
    public string Path => System.IO.Path.Combine(_folder, FileName);

    /// <summary>Writes it whole or not at all.</summary>
    public void Write(IEnumerable<TensorMapLine> lines, CancellationToken cancel)
    {
        StringBuilder text = new(Header);
        foreach (TensorMapLine line in lines)
            text.Append(VisibleText.Escape(line.Name))
                .Append(CultureInfo.InvariantCulture, $"\t{line.BaseType.ToName()}\t{line.TunedType.ToName()}\t")
                .Append(CultureInfo.InvariantCulture, $"{line.Rows}\t{line.Width}\t{line.Unchanged}\t{line.Changed}\t{line.Degenerate}\t")
                .Append(CultureInfo.InvariantCulture, $"{line.NonFinite}\t{line.TicketRows}\t{line.CriticalCount}\t{line.LargestCount}\t")
                .Append(CultureInfo.InvariantCulture, $"{line.LargestStatistic}\n");
        Directory.CreateDirectory(_folder);
        AtomicFile.WriteText(Path, text.ToString(), cancel);
    }
}
