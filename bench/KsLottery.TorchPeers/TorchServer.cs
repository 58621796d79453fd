using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Text.Corpora;
using TorchSharp;
using TorchSharp.Modules;

namespace KsLottery.TorchPeers;

/// <summary>Times works that it is asked for.</summary>
internal static class TorchServer
{
    private const int Repetitions = 5;

    /// <summary>Answers until the input ends.</summary>
    public static void Run(PeerOptions options)
    {
        torch.set_num_threads(options.Threads);
        torch.random.manual_seed(1);
        TorchLlama model = new(options.Plan.Config, options.Plan.Length);
        string system = File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))
            ?.Split('=')[1].Trim('"') ?? "unknown";
        Console.WriteLine($"libtorch {torch.__version__} (TorchSharp {typeof(torch).Assembly.GetName().Version}) on {system}");
        while (Console.ReadLine() is { Length: > 0 } name)
        {
            Action step = Make(name, model, options);
            step();
            double[] times = [.. Enumerable.Range(0, Repetitions).Select(_ => Time(step)).Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{times[Repetitions / 2]} {PeakBytes()}"));
        }
    }

    private static Action Make(string name, TorchLlama model, PeerOptions options)
    {
        IEnumerator<TokenSequence[]> batches = TorchBatch.Steps(options.Plan).GetEnumerator();
        Func<string, bool> learns = name switch
        {
            "forward" or "ticket step" => _ => false,
            "forward + backward" or "full step" => _ => true,
            "embedding step" => parameter => parameter == TorchLlama.EmbeddingName,
            _ => throw new ArgumentException($"\"{name}\" is no work of a peer."),
        };
        foreach ((string parameter, Parameter value) in model.Parameters) value.requires_grad = learns(parameter);
        TorchTicket? ticket = name == "ticket step" ? new(model.Embedding, options.Plan.Ticket) : null;
        Parameter[] learned = ticket is not null ? [ticket.Rows]
            : [.. model.Parameters.Where(p => learns(p.Key)).Select(p => p.Value)];
        AdamW? optimizer = name.EndsWith("step", StringComparison.Ordinal) ? torch.optim.AdamW(learned, lr: 1e-4, weight_decay: 0) : null;
        return () =>
        {
            using DisposeScope scope = torch.NewDisposeScope();
            batches.MoveNext();
            TorchBatch batch = TorchBatch.Of(batches.Current);
            using IDisposable? frozen = learned.Length == 0 ? torch.no_grad() : null;
            torch.Tensor loss = model.Loss(batch, ticket);
            if (learned.Length > 0)
            {
                foreach (Parameter parameter in learned) parameter.grad = null;
                loss.backward();
            }
            optimizer?.step();
            if (!double.IsFinite(loss.item<float>())) throw new NotFiniteNumberException($"{name}: the loss is no number.");
        };
    }

    private static double Time(Action step)
    {
        long started = Stopwatch.GetTimestamp();
        step();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static long PeakBytes() => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
