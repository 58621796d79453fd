using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

public sealed partial class TicketPatch
{
    /// <summary>Writes what a mask takes from a tuned checkpoint as a patch for the base; the file appears whole or not at all.</summary>
    /// <param name="path">The target, in a folder that exists; replaced where it exists.</param>
    /// <param name="baseCheckpoint">The base.</param>
    /// <param name="tunedCheckpoint">The tuned checkpoint, with the mask's tensors in the base's shapes; their types may differ. Null where
    /// the payload takes no values: <see cref="TicketPayload.Drop"/>, and <see cref="TicketPayload.Keep"/> of the base's own.</param>
    /// <param name="mask">Which units of which of the base's tensors.</param>
    /// <param name="payload">What becomes of them.</param>
    /// <param name="origin">Signature and tying.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    /// <exception cref="KeyNotFoundException">A checkpoint lacks a tensor of the mask.</exception>
    /// <inheritdoc cref="Write(string, IReadOnlyList{PatchSource}, PatchOrigin, CancellationToken)" path="/exception"/>
    public static void Write(string path, Checkpoint baseCheckpoint, Checkpoint? tunedCheckpoint, TicketMask mask, TicketPayload payload,
        PatchOrigin origin, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseCheckpoint);
        ArgumentNullException.ThrowIfNull(mask);
        Write(path, [.. mask.Tensors.Select(t => new PatchSource(baseCheckpoint.GetTensor(t.Name), t, payload)
        {
            Tuned = tunedCheckpoint?.GetTensor(t.Name),
        })], origin, cancellationToken);
    }

    /// <summary>Writes a patch for some tensors; the file appears whole or not at all.</summary>
    /// <param name="path">The target, in a folder that exists; replaced where it exists.</param>
    /// <param name="tensors">The tensors; rows of one matrix are <see cref="PatchSource.OfRows"/>.</param>
    /// <param name="origin">Signature and tying; of a single tensor also what is known of it.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    /// <remarks>Values are read from the checkpoints three times, a piece at a time: for those that are not finite, for the checksum and
    /// for the file. Where values are given and not a tuned tensor, which nobody holds then, that is the base in F32 with these in place
    /// of its own; the fingerprint is that one's.</remarks>
    /// <exception cref="ArgumentException">
    /// Tensors do not fit each other or the mask, values are missing, or nothing would change; the message says which.
    /// </exception>
    /// <exception cref="CheckpointFormatException">A file became shorter.</exception>
    /// <exception cref="IOException">The target is open as an input, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled; nothing was written.</exception>
    public static void Write(string path, IReadOnlyList<PatchSource> tensors, PatchOrigin origin,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(origin);
        // Several tensors may be a whole model, whose blocks are better hashed side by side.
        FingerprintKind kind = tensors.Count > 1 ? FingerprintKind.Tree : FingerprintKind.Stream;
        PatchFileWriter[] writers = [.. tensors.Select(t => new PatchFileWriter(PatchForm.Complete(t, tensors.Count, origin), kind,
            cancellationToken))];
        if (writers.All(w => w.ChangedElements == 0))
            throw new ArgumentException("a patch needs at least one unit, none is given. Select some, or write no patch.", nameof(tensors));
        if (tensors.GroupBy(t => t.Base).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{PatchForm.Place(twice.Key)} is given twice. Unite its units.", nameof(tensors));
        TensorSource[] sources = [.. writers.SelectMany(w => w.Sources()), .. PatchFileWriter.SharedOf(tensors)];
        Dictionary<string, string> metadata = new()
        {
            ["format"] = NoEmbedding.PatchFormat,
            ["format_version"] = $"{PatchFileReader.Version}",
            ["tied"] = origin.IsTied switch { true => "true", false => "false", null => "unknown" },
            ["signature"] = origin.Signature,
            [PatchFileReader.TensorsKey] = PatchFileWriter.Describe(writers),
        };
        metadata[ContentChecksum.Key] = ContentChecksum.Of(metadata, sources, cancellationToken);
        SafetensorsWriter.Write(path, sources, metadata, cancellationToken);
    }
}
