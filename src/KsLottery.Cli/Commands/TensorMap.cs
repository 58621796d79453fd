namespace KsLottery.Cli.Commands;
internal static class TensorMap { public static int Run(FindOptions options, ConsoleUi ui, CancellationToken cancel) => throw new NotSupportedException("todo"); }
