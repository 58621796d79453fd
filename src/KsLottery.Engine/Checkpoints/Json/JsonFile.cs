using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The one opener of JSON files: UTF-8, with or without a byte order mark, which Windows programs write.</summary>
internal static class JsonFile
{
    /// <summary>Reads and parses a file.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="IOException">It is absent or cannot be read.</exception>
    public static JsonDocument Parse(string path, JsonDocumentOptions options = default) => JsonDocument.Parse(Read(path), options);

    /// <summary>The bytes of a file behind its byte order mark.</summary>
    /// <exception cref="IOException">It is absent or cannot be read.</exception>
    public static ReadOnlyMemory<byte> Read(string path) => WithoutMark(File.ReadAllBytes(path));

    /// <summary>Bytes behind their byte order mark.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(byte[] bytes) => bytes.AsMemory(bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0);
}
