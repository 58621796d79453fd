namespace KsLottery.Engine.Certificates;

/// <summary>A certificate does not say what its files say, or its files are no longer those that it was made from.</summary>
/// <remarks>The message names the first difference, with both values or both fingerprints, and the next step.</remarks>
public sealed class CertificateMismatchException : Exception
{
    internal CertificateMismatchException(string message)
        : base(message)
    {
    }
}
