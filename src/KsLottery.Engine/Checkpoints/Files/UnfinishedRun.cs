using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Tells the folder of a training that has not written its model yet from one that lacks a model for another reason.</summary>
internal static class UnfinishedRun
{
    /// <summary>The file that says what a run is.</summary>
    public const string FileName = "training.json";

    /// <summary>The <c>format</c> in it.</summary>
    public const string Format = "kslottery-training";

    private const int MaxFileBytes = 16 << 20;

    /// <exception cref="CheckpointFormatException">A training in the folder is not finished.</exception>
    public static void ThrowIfIn(string folder)
    {
        FileInfo file = new(Path.Combine(folder, FileName));
        if (!file.Exists || file.Length > MaxFileBytes) return;
        try
        {
            using JsonDocument document = JsonFile.Parse(file.FullName);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out JsonElement format)
                || !format.ValueEquals(Format)
                || !root.TryGetProperty("finished", out JsonElement finished) || finished.ValueKind != JsonValueKind.False) return;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return;
        }
        throw new CheckpointFormatException(CheckpointDefect.NoCheckpoint, folder,
            "the folder holds a training that is not finished, and its model is written at the end",
            Remedy.ResumeRun.For(folder));
    }
}
