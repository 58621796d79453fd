using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What a ticket does to its base, with all that takes it back: a safetensors file that is open for reading.</summary>
/// <remarks>
/// <para>
/// For each tensor it holds which units it is about, their values bit for bit in the tuned type, and the base's values of all elements
/// that change, so that applying and reverting are exact; what becomes of the units is its <see cref="TicketPayload"/>. docs/patches.md
/// describes the file. Version 1, of the rows of one matrix, is read too. A patch changes at least one element.
/// </para>
/// <para>
/// A checksum covers all of it. A patch in which it is wrong is refused (<see cref="CheckpointOptions.IgnoresChecksum"/>); where there is
/// none, <see cref="Notes"/> says so.
/// </para>
/// <para>Only the units are held in memory. Reading is safe from several threads; disposing releases the file.</para>
/// </remarks>
public sealed partial class TicketPatch : IDisposable
{
    /// <summary>The default file name.</summary>
    public const string FileName = "patch.safetensors";

    private readonly SafetensorsFile _file;

    private volatile bool _isUnchecked;

    private TicketPatch(SafetensorsFile file, bool ignoresChecksum, bool checksLater, bool leavesUnits)
    {
        _file = file;
        PatchFileReader reader = new(file, leavesUnits);
        FormatVersion = reader.ReadVersion();
        _isUnchecked = checksLater && !ignoresChecksum && file.Metadata.ContainsKey(ContentChecksum.Key);
        string? doubt = _isUnchecked ? null : ContentChecksum.Check(file, "patch", ignoresChecksum);
        (Checksum, Notes) = (doubt is null ? file.Metadata[ContentChecksum.Key] : null, doubt is null ? [] : [doubt]);
        try
        {
            Signature = reader.Metadata("signature");
            IsTied = reader.ReadTied();
            (Tensors, Rows) = FormatVersion == 1 ? reader.ReadRows() : reader.ReadTensors();
        }
        catch (CheckpointFormatException)
        {
            ThrowIfDamaged();
            throw;
        }
    }

    /// <summary>The path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>The version of the file's format.</summary>
    public int FormatVersion { get; }

    /// <summary>What the patch does, tensor by tensor.</summary>
    public IReadOnlyList<PatchedTensor> Tensors { get; }

    /// <summary>The units of all its tensors.</summary>
    public TicketMask Mask => new(Tensors.Select(t => t.Mask));

    /// <summary>The patch as rows of one matrix; null where it does not replace whole rows of one matrix alone.</summary>
    public PatchRows? Rows { get; }

    /// <summary>Whether the base's output head is its input embedding; null where the patch does not say.</summary>
    public bool? IsTied { get; }

    /// <summary>The line that says how the units were chosen.</summary>
    public string Signature { get; }

    /// <summary>The checksum of all that the file says; null where there is none that is right.</summary>
    internal string? Checksum { get; }

    /// <summary>Whether a checksum says that the file is as it was written.</summary>
    internal bool IsVerified => Checksum is not null;

    /// <summary>What a reader should know of the file, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The file of a patch, which may be named by its folder: a result of <see cref="TicketFolder"/> or of a tuning.</summary>
    /// <param name="path">The file, or the folder.</param>
    /// <exception cref="FileNotFoundException">The folder has no <see cref="FileName"/>; says what it holds instead.</exception>
    public static string PathOf(string path) => FileInFolder.Resolve(path, FileName, folder =>
        File.Exists(System.IO.Path.Combine(folder, PeftAdapter.ConfigName))
            ? $"It holds a PEFT adapter, {Remedy.MergeAdapter}"
        : SparseFineTuning.Is(folder) ? Remedy.ConvertSparseFineTuning.For(folder)
        : File.Exists(System.IO.Path.Combine(folder, TicketFile.FileName))
            ? $"The {TicketFile.FileName} in it is empty or was moved alone: find the ticket again, with {Remedy.SelectOther}"
            : Remedy.NamePatch.ToString());

    /// <summary>Opens a patch and checks it.</summary>
    /// <param name="path">The file, or the folder that it lies in, see <see cref="PathOf"/>.</param>
    /// <param name="options">How to read it; mapped into memory by default.</param>
    /// <exception cref="CheckpointFormatException">The file is damaged, or is no patch of a version that is known.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static TicketPatch Open(string path, CheckpointOptions? options = null) => Open(path, options, checksLater: false);

    /// <summary>Opens a patch.</summary>
    /// <param name="path">The file, or its folder.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="checksLater">Whether its checksum is left to <see cref="ThrowIfDamaged"/>: until then it may say anything.</param>
    /// <param name="leavesUnits">Whether its units stay in the file, where that is mapped: then they end with the patch.</param>
    internal static TicketPatch Open(string path, CheckpointOptions? options, bool checksLater, bool leavesUnits = false)
    {
        SafetensorsFile file = SafetensorsFile.Open(PathOf(path), options);
        try
        {
            return new TicketPatch(file, options is { IgnoresChecksum: true }, checksLater, leavesUnits);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Compares the checksum with the content, where that was left for later.</summary>
    /// <exception cref="CheckpointFormatException">It is wrong.</exception>
    internal void ThrowIfDamaged(CancellationToken cancellationToken = default)
    {
        if (!_isUnchecked) return;
        ContentChecksum.Check(_file, "patch", ignores: false, cancellationToken);
        _isUnchecked = false;
    }

    /// <summary>The patch as rows of one matrix.</summary>
    /// <param name="purpose">What cannot be done with another patch, for the message: "export it as an adapter".</param>
    /// <exception cref="NotSupportedException">It is another patch.</exception>
    public PatchRows GetRows(string purpose) => Rows ?? throw new NotSupportedException(
        $"{Path}: to {purpose} takes a patch that replaces whole rows of one matrix; this one is to {DescribeTensors()}. "
        + "Apply it, and go on with the checkpoint that is written.");

    /// <summary>Releases the file at once; spans that its tensors gave point into nothing then.</summary>
    public void Dispose() => _file.Dispose();

    private string DescribeTensors() => string.Join(", ", Tensors.Take(3).Select(t =>
        $"{t.Payload.ToName()} {t.UnitsInWords} of {CheckpointFormatException.Quote(t.Name)}")) + (Tensors.Count > 3 ? ", …" : "");
}
