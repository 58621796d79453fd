using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace KsLottery.Tests.Support;

/// <summary>Debian's Chromium without a window, told what to do over its DevTools protocol.</summary>
internal sealed class Chromium : IDisposable
{
    private const string Variable = "KSLOTTERY_CHROMIUM", AxeVariable = "KSLOTTERY_AXE";

    private readonly TemporaryFolder _profile = new();
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _time = new(TimeSpan.FromMinutes(5));
    private readonly List<JsonNode> _events = [];
    private readonly string _session;
    private int _calls;

    private Chromium(string program)
    {
        ProcessStartInfo start = new(program) { RedirectStandardError = true };
        foreach (string argument in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--remote-debugging-port=0", $"--user-data-dir={_profile.Path}", "about:blank"]) start.ArgumentList.Add(argument);
        _process = new() { StartInfo = start };
        TaskCompletionSource<string> address = new();
        const string Sign = "DevTools listening on ";
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith(Sign, StringComparison.Ordinal) == true) address.TrySetResult(line.Data[Sign.Length..]);
        };
        _process.Start();
        _process.BeginErrorReadLine();
        _socket.ConnectAsync(new(address.Task.WaitAsync(_time.Token).GetAwaiter().GetResult()), _time.Token).GetAwaiter().GetResult();
        _session = "";
        string target = (string)Call("Target.createTarget", new() { ["url"] = "about:blank" })["targetId"]!;
        _session = (string)Call("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = true })["sessionId"]!;
        foreach (string domain in (string[])["Page", "Runtime", "Log"]) Call($"{domain}.enable");
    }

    /// <summary>Starts the program; ignores the running test where there is none.</summary>
    public static Chromium? Start()
    {
        if (Find() is { } program) return new(program);
        Assert.Ignore("Chromium is not on the PATH: install Debian's package chromium");
        return null;
    }

    /// <summary>The program; null where there is none.</summary>
    private static string? Find() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(folder =>
            ((string[])["chromium", "chromium-browser", "google-chrome"]).Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    /// <summary>Shows a page, and waits until it is there.</summary>
    /// <returns>What it said on the console, errors of its scripts and its markup among it.</returns>
    public IReadOnlyList<string> Show(string path, int width, string scheme)
    {
        Call("Emulation.setDeviceMetricsOverride",
            new() { ["width"] = width, ["height"] = 800, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        Call("Emulation.setEmulatedMedia",
            new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });
        Call("Page.navigate", new() { ["url"] = "about:blank" });
        Await("Page.loadEventFired");
        _events.Clear();
        Call("Page.navigate", new() { ["url"] = new Uri(path).AbsoluteUri });
        Await("Page.loadEventFired");
        return [.. _events.Where(e => (string?)e["method"] is "Log.entryAdded" or "Runtime.consoleAPICalled" or "Runtime.exceptionThrown")
            .Select(e => e["params"]!.ToJsonString())];
    }

    /// <summary>Shows a page, keeps its picture in <c>artifacts/pages</c>, and gives a sentence for each fault of it.</summary>
    public IReadOnlyList<string> FaultsOf(string path, string name, int width, string scheme)
    {
        IReadOnlyList<string> said = Show(path, width, scheme);
        string pictures = Path.Combine(SharedData.Root, "artifacts", "pages");
        Directory.CreateDirectory(pictures);
        TakePicture(Path.Combine(pictures, $"{name}-{width}-{scheme}.png"));
        return [.. said.Select(line => $"on the console: {line}"), .. FaultsNow()];
    }

    /// <summary>A sentence for each fault of the page that is shown.</summary>
    public IReadOnlyList<string> FaultsNow() => [.. Run(PageAudit.Script)!.AsArray().Select(fault => (string)fault!)];

    /// <summary>What axe-core finds on a page that is serious or critical; ignores the running test where it is not at hand.</summary>
    public IReadOnlyList<string> AxeFaultsOf(string path, int width, string scheme)
    {
        if (Environment.GetEnvironmentVariable(AxeVariable) is not { Length: > 0 } axe || !File.Exists(axe))
        {
            Assert.Ignore($"axe-core is not at hand: {AxeVariable} names its axe.min.js, which npm installs");
            return [];
        }
        Show(path, width, scheme);
        Run(File.ReadAllText(axe) + "\n;0");
        return [.. Run(PageAudit.Axe)!.AsArray().Select(fault => (string)fault!)];
    }

    /// <summary>Runs a script in the page, and waits for what it promises.</summary>
    public JsonNode? Run(string script)
    {
        JsonNode answer = Call("Runtime.evaluate",
            new() { ["expression"] = script, ["awaitPromise"] = true, ["returnByValue"] = true });
        if (answer["exceptionDetails"] is { } fault) throw new InvalidOperationException(fault.ToJsonString());
        return answer["result"]!["value"];
    }

    /// <summary>Writes a picture of the whole page.</summary>
    private void TakePicture(string path) => File.WriteAllBytes(path, Convert.FromBase64String((string)Call("Page.captureScreenshot",
        new() { ["format"] = "png", ["captureBeyondViewport"] = true })["data"]!));

    public void Dispose()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _time.Dispose();
        _profile.Dispose();
    }

    private JsonNode Call(string method, JsonObject? parameters = null)
    {
        JsonObject call = new() { ["id"] = ++_calls, ["method"] = method, ["params"] = parameters ?? [] };
        if (_session.Length > 0) call["sessionId"] = _session;
        _socket.SendAsync(Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, _time.Token)
            .GetAwaiter().GetResult();
        while (true)
        {
            JsonNode message = Receive();
            if ((int?)message["id"] != _calls) _events.Add(message);
            else return message["result"] ?? throw new InvalidOperationException($"{method}: {message["error"]?.ToJsonString()}");
        }
    }

    private void Await(string method)
    {
        while (!_events.Exists(e => (string?)e["method"] == method)) _events.Add(Receive());
        _events.RemoveAll(e => (string?)e["method"] == method);
    }

    private JsonNode Receive()
    {
        using MemoryStream text = new();
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = _socket.ReceiveAsync(buffer, _time.Token).GetAwaiter().GetResult();
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(text.ToArray())!;
    }
}
