using System.Text.Json;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Reads a pair from the messages of a chat, as datasets for chat models hold it.</summary>
/// <remarks>
/// One message of the user's and behind it one of the assistant's, before both perhaps one of the system's, and no other: of a longer chat
/// it is not said which answer should be learned.
/// </remarks>
internal static class JsonMessages
{
    /// <summary>The messages of an object, in their order; null where it has none.</summary>
    public static IReadOnlyList<JsonElement>? Find(JsonElement element)
    {
        if (List(element, "messages") is { } messages) return messages;
        return List(element, "prompt") is { } prompt && List(element, "completion") is { } completion ? [.. prompt, .. completion] : null;
    }

    /// <summary>The pair that messages make.</summary>
    /// <exception cref="InvalidDataException">They are other messages than a pair has.</exception>
    public static SentencePair Pair(IReadOnlyList<JsonElement> messages, string path, int line)
    {
        string[] roles = [.. messages.Select(message => Text(message, "role") ?? "")];
        bool hasSystem = roles is ["system", "user", "assistant"];
        if (!hasSystem && roles is not ["user", "assistant"])
            throw TextFile.Damaged(path, line, "messages of the roles "
                + (roles.Length > 0 ? string.Join(", ", roles.Select(role => VisibleText.Escape(role))) : "(none)") + "; "
                + "a pair has one of user and one of assistant behind it, perhaps one of system before both; make a pair of each answer");
        string[] texts = [.. messages.Select(message => Text(message, "content") ?? throw TextFile.Damaged(path, line,
            "a message whose content is no text; give each a string \"content\""))];
        return new(texts[^2], texts[^1], path, line) { Instruction = hasSystem ? texts[0] : null };
    }

    private static JsonElement[]? List(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : null;

    private static string? Text(JsonElement message, string name) => message.ValueKind == JsonValueKind.Object
        && message.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
