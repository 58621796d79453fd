using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>Debian's Chromium without a window, told what to do over its DevTools protocol.</summary>
internal sealed class Chromium : IDisposable
{
    private const string Variable = "KSLOTTERY_CHROMIUM";

    private readonly TemporaryFolder _profile = new();
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _time = new(TimeSpan.FromMinutes(5));
    private readonly List<JsonNode> _events = [];
    private readonly string _session;
    private int _calls;

    public Chromium(string program)
    {
        ProcessStartInfo start = new(program) { RedirectStandardError = true };
        foreach (string argument in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            $"--user-data-dir={_profile.Path}", "about:blank"]) start.ArgumentList.Add(argument);
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

    /// <summary>The program; null where there is none.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named
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

    /// <summary>Runs a script in the page, and waits for what it promises.</summary>
    public JsonNode? Run(string script)
    {
        JsonNode answer = Call("Runtime.evaluate",
            new() { ["expression"] = script, ["awaitPromise"] = true, ["returnByValue"] = true });
        if (answer["exceptionDetails"] is { } fault) throw new InvalidOperationException(fault.ToJsonString());
        return answer["result"]!["value"];
    }

    /// <summary>Writes a picture of the whole page.</summary>
    public void TakePicture(string path) => File.WriteAllBytes(path, Convert.FromBase64String((string)Call("Page.captureScreenshot",
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
