namespace KsLottery.Cli;

/// <summary>What the process says with its exit code; the README documents the list.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Usage = 1;
    public const int BadInput = 2;
    public const int DeviceUnavailable = 3;
    public const int VerificationFailed = 4;
    public const int Internal = 5;
    public const int Cancelled = 130;
}
