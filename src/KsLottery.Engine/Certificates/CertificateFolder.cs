using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Certificates;

/// <summary>A folder with a certificate and its tables: <c>certificate.json</c>, <c>certificate.tsv</c> and, with a sweep,
/// <c>alpha-sweep.tsv</c>.</summary>
/// <remarks>It appears whole or not at all. Begin it before the work: then a target that cannot be used is refused at once.</remarks>
public sealed class CertificateFolder : IDisposable
{
    private readonly StagedFolder _folder;

    /// <summary>Begins a folder.</summary>
    /// <param name="path">The target: absent or empty, in a folder that exists.</param>
    /// <exception cref="IOException">The target is a file, holds files, or lies in no folder.</exception>
    public CertificateFolder(string path) => _folder = new(path);

    /// <summary>Writes the files and gives the folder its name.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="source">What it was made from.</param>
    /// <param name="inputs">The fingerprints of that.</param>
    /// <param name="options">How it was made.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    /// <returns>The names of the files.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<string> Write(Certificate certificate, CertificateSource source, IReadOnlyList<CertificateInput> inputs,
        CertificateOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        CertificateFile.Write(Path.Combine(_folder.Staging, CertificateFile.FileName), certificate, source, inputs, options,
            Path.GetFullPath(_folder.GivenPath), cancellationToken);
        List<string> names = [CertificateFile.FileName, .. CertificateTables.Write(_folder.Staging, certificate, cancellationToken)];
        _folder.Commit(cancellationToken);
        return names;
    }

    /// <summary>Removes what was written, unless it was finished.</summary>
    public void Dispose() => _folder.Dispose();
}
