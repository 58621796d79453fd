using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary><c>kslottery certify</c>: where a ticket must predict what the embed-tuned model predicts, and whether it does.</summary>
internal static class CertifyCommand
{
    public static Command Create()
    {
        Command command = new("certify", "At which target positions must base and ticket predict what the embed-tuned model predicts, and "
            + "do they? Certifies agreement with that model under assumptions, not the quality of a translation; the theory is "
            + "reconstructed: the dataset and max forms are no proofs, the sum form needs independent rows and "
            + "half-line decision regions.");
        CertifyOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) =>
        {
            CertifyOptions options = CertifyOptions.From(arguments);
            if (options.Check is { } path) Check(path, options, ui, cancel);
            else Make(options, ui, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Make(CertifyOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        Tokenizer tokenizer = LoadedModel.OpenTokenizer(options.Tokenizer, options.Base, ui);
        CertificateSource source = options.Source(tokenizer.FilePath);
        StopTokens? stops = options.Certificate.ScoredTokens is null ? null
            : new StopOptions(options.Certificate.StopIds, options.Certificate.StopTexts).Of(LlamaConfig.Load(options.Base), tokenizer);
        if (stops is not null) StopOptions.Remark(ui, stops, tokenizer);
        foreach (string model in (string[])[source.Base, source.Tuned])
        {
            using Checkpoint checkpoint = Reading.Open(model, options.Certificate.Reading ?? new(), ui);
            Reading.Remark(ui, LlamaConfig.Load(checkpoint).Notes);
        }
        using CertificateFolder folder = new(options.Out!);
        using ComputeDevice device = options.Device.Open(DeviceWork.Model);
        CertificateOptions how = options.Certificate with { Rows = new() { Device = device, Threads = options.Device.Threads } };
        Certificate certificate;
        IReadOnlyList<CertificateInput> inputs;
        using (ProgressLine line = ui.StartProgress())
        {
            IProgress<CertificateProgress> shown = line.Of<CertificateProgress>(Describe);
            inputs = CertificateInput.Of(source, shown, cancel);
            certificate = Certifier.Run(source, device.Operations, how, shown, cancel);
        }
        IReadOnlyList<string> files = folder.Write(certificate, source, inputs, options.Certificate, cancel);
        if (options.Html is { } page)
            Report.FromFolder(options.Out!, new() { Origin = options.Origin }, cancel).WritePage(page, replace: false, cancel);
        new CertifyReport(ui, certificate, tokenizer, options.Shown)
        {
            Elapsed = Stopwatch.GetElapsedTime(started),
            Files = files,
            Out = options.Out,
            Stops = stops,
        }.Write();
    }

    private static void Check(string path, CertifyOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        using StoredCertificate stored = StoredCertificate.Open(path);
        using ComputeDevice device = options.Device.Open(DeviceWork.Model);
        CertificateOptions how = options.Certificate with { Rows = new() { Device = device, Threads = options.Device.Threads } };
        Certificate certificate;
        using (ProgressLine line = ui.StartProgress())
            certificate = stored.Check(device.Operations, options.Tolerance, how, line.Of<CertificateProgress>(Describe), cancel);
        new CertifyReport(ui, certificate, Tokenizer.Open(stored.Source.Tokenizer), options.Shown)
        {
            Elapsed = Stopwatch.GetElapsedTime(started),
            Checked = path,
        }.Write();
    }

    private static string Describe(CertificateProgress value) => value.Count == 0 ? value.Stage
        : $"{value.Stage}: {Sizes.Count(value.Done)} of {Sizes.Count(value.Count)} pairs";
}
