namespace KsLottery.Engine.Certificates;

/// <summary>A file that a certificate was made from.</summary>
/// <param name="Role"><c>base</c>, <c>tuned</c>, <c>ticket</c>, <c>data</c>, <c>tokenizer</c> or <c>trained</c>.</param>
/// <param name="Path">The file.</param>
/// <param name="Fingerprint">Its <see cref="Checkpoints.Fingerprint.OfFile"/>.</param>
public sealed record CertificateInput(string Role, string Path, string Fingerprint)
{
    /// <summary>Takes the fingerprints of all files that a certificate depends on.</summary>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<CertificateInput> Of(CertificateSource source, IProgress<CertificateProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        return [.. source.Files().Select(file =>
        {
            progress?.Report(new($"fingerprint of {System.IO.Path.GetFileName(file.Path)}", 0, 0));
            return new CertificateInput(file.Role, file.Path, Checkpoints.Fingerprint.OfFile(file.Path, cancellationToken));
        })];
    }

    /// <summary>Checks that the file has the bytes that it had.</summary>
    /// <exception cref="CertificateMismatchException">It has others, or is gone.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void ThrowIfChanged(CancellationToken cancellationToken = default)
    {
        if (!File.Exists(Path))
            throw new CertificateMismatchException($"{Path}: the {Role} file is not there; the certificate was made with one of the "
                + $"fingerprint {Fingerprint}. Put it back, or move certificate and files together.");
        string actual = Checkpoints.Fingerprint.OfFile(Path, cancellationToken);
        if (actual != Fingerprint)
            throw new CertificateMismatchException($"{Path}: the {Role} file changed since the certificate was made: its fingerprint was "
                + $"{Fingerprint} and is {actual}. Put the old file back, or make a new certificate.");
    }
}
