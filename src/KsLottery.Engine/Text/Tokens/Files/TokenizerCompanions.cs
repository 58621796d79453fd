using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>What the files beside a tokenizer say of it: its class, its flags, and tokens that its own file does not have.</summary>
/// <remarks>
/// Read as Hugging Face's library reads them: <c>added_tokens_decoder</c> in <c>tokenizer_config.json</c> takes the place of the two older
/// files, <c>special_tokens_map.json</c> and <c>added_tokens.json</c>; without it the older ones are read, and the map goes before the
/// configuration.
/// </remarks>
internal sealed class TokenizerCompanions
{
    /// <summary>The file with the settings.</summary>
    public const string ConfigName = "tokenizer_config.json";

    private const string MapName = "special_tokens_map.json", AddedName = "added_tokens.json", Decoder = "added_tokens_decoder";

    /// <summary>The names of single tokens, in the order in which the library adds those that no file gives an id.</summary>
    private static readonly string[] Roles =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private static readonly string[] RoleLists = ["additional_special_tokens", "extra_special_tokens"];

    private readonly Dictionary<string, string?> _named = [];
    private readonly List<string> _special = [];
    private readonly List<AddedToken> _added = [];

    private TokenizerCompanions(string folder) => Path = System.IO.Path.Combine(folder, ConfigName);

    /// <summary>Every file that is read, for those who copy a tokenizer or state what they read.</summary>
    public static IReadOnlyList<string> FileNames { get; } = [ConfigName, MapName, AddedName];

    /// <summary>Nothing is said.</summary>
    public static TokenizerCompanions None { get; } = new("");

    /// <summary>The path of <c>tokenizer_config.json</c>, for errors.</summary>
    public string Path { get; }

    /// <summary>The class of the tokenizer without the ending <c>Fast</c>, which says nothing of its tokens; null where none is
    /// named.</summary>
    public string? Class { get; private set; }

    /// <summary>The flag <c>add_bos_token</c>, null where it is not given.</summary>
    public bool? AddsBos { get; private set; }

    /// <summary>The flag <c>add_eos_token</c>, null where it is not given.</summary>
    public bool? AddsEos { get; private set; }

    /// <summary>Whether every part of a text between added tokens begins with a space, rather than the first alone; flag
    /// <c>legacy</c>.</summary>
    public bool IsLegacy { get; private set; }

    /// <summary>The tokens that the files give an id, by rising id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => _added;

    /// <summary>The names of all tokens that the files call special, in the order in which the library would add them.</summary>
    public IReadOnlyList<string> SpecialNames => _special;

    /// <summary>Reads the files in a tokenizer's folder.</summary>
    /// <exception cref="InvalidDataException">A file is damaged; names file and byte or setting.</exception>
    public static TokenizerCompanions Beside(string tokenizerPath)
    {
        string folder = System.IO.Path.GetDirectoryName(tokenizerPath) ?? "";
        try
        {
            return Read(folder);
        }
        catch (InvalidOperationException fault) // half of a surrogate pair
        {
            throw new InvalidDataException(
                $"{System.IO.Path.Combine(folder, ConfigName)}, {MapName} or {AddedName} beside it: {JsonDefect.Cause(fault)}. "
                + "Fetch the files again.", fault);
        }
    }

    /// <summary>Whether a file says which token has a role, such as <c>bos_token</c>.</summary>
    /// <param name="role">The role.</param>
    /// <param name="name">The token; null where the file says that there is none.</param>
    public bool TryGetName(string role, out string? name) => _named.TryGetValue(role, out name);

    private static TokenizerCompanions Read(string folder)
    {
        TokenizerCompanions settings = new(folder);
        using JsonDocument? config = Parse(folder, ConfigName);
        if (config is not null) settings.ReadConfig(new(settings.Path, "", config.RootElement));
        bool hasDecoder = config is not null && config.RootElement.TryGetProperty(Decoder, out JsonElement decoder)
            && decoder.ValueKind == JsonValueKind.Object;
        using JsonDocument? map = hasDecoder ? null : Parse(folder, MapName);
        if (map is not null) settings.ReadNames(new(System.IO.Path.Combine(folder, MapName), "", map.RootElement));
        settings.ListSpecial();
        using JsonDocument? added = hasDecoder ? null : Parse(folder, AddedName);
        if (added is not null) settings.ReadAdded(System.IO.Path.Combine(folder, AddedName), added.RootElement);
        settings._added.Sort((a, b) => a.Id.CompareTo(b.Id));
        return settings;
    }

    private void ReadConfig(TokenizerStep config)
    {
        Class = config.Text("tokenizer_class");
        if (Class is not null && Class != "PreTrainedTokenizerFast" && Class.EndsWith("Fast", StringComparison.Ordinal))
            Class = Class[..^4];
        AddsBos = Flag(config, "add_bos_token");
        AddsEos = Flag(config, "add_eos_token");
        IsLegacy = config.Flag("legacy", false);
        ReadNames(config);
        if (config.Get(Decoder) is not { ValueKind: JsonValueKind.Object } decoder) return;
        foreach (JsonProperty entry in decoder.EnumerateObject())
        {
            TokenizerStep token = config with { Name = $"{Decoder}.{entry.Name}", Element = entry.Value };
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= TokenizerJson.MaxCount)
                throw Invalid(Path, $"{Decoder} has the id {entry.Name}", $"ids from 0 to {TokenizerJson.MaxCount - 1}");
            if (token.Text("content") is not { } content) throw Invalid(Path, $"{token.Name} has no content", "a token with its text");
            bool isSpecial = token.Flag("special", false);
            _added.Add(new AddedToken(id, content, isSpecial)
            {
                IsNormalized = token.Flag("normalized", !isSpecial),
                IsSingleWord = token.Flag("single_word", false),
                TakesSpaceBefore = token.Flag("lstrip", false),
                TakesSpaceAfter = token.Flag("rstrip", false),
            });
        }
    }

    private void ReadNames(TokenizerStep file)
    {
        foreach (string role in Roles)
            if (file.Element.TryGetProperty(role, out JsonElement value))
                _named[role] = NameOf(file with { Name = role, Element = value });
        foreach (string list in RoleLists)
            if (file.Get(list) is { ValueKind: JsonValueKind.Array } names)
                foreach (JsonElement item in names.EnumerateArray())
                    if (NameOf(file with { Name = list, Element = item }) is { } name && !_special.Contains(name))
                        _special.Add(name);
    }

    /// <summary>Puts the tokens with a role of their own before those of the lists.</summary>
    private void ListSpecial()
    {
        IEnumerable<string> roles = Roles.Select(role => _named.GetValueOrDefault(role)).OfType<string>();
        string[] all = [.. roles.Concat(_special).Distinct()];
        _special.Clear();
        _special.AddRange(all);
    }

    private void ReadAdded(string path, JsonElement root)
    {
        foreach (JsonProperty entry in root.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id)
                || id is < 0 or >= TokenizerJson.MaxCount)
                throw Invalid(path, $"{VisibleText.Escape(entry.Name)} has the id {TokenizerStep.Raw(entry.Value)}",
                    $"ids from 0 to {TokenizerJson.MaxCount - 1}");
            bool isSpecial = _special.Contains(entry.Name);
            _added.Add(new AddedToken(id, entry.Name, isSpecial) { IsNormalized = !isSpecial });
        }
    }

    /// <summary>A token's text: the value itself, or the content of an object; null says that there is none.</summary>
    private static string? NameOf(TokenizerStep token) => token.Element.ValueKind switch
    {
        JsonValueKind.String => token.Element.GetString(),
        JsonValueKind.Object => token.Text("content"),
        JsonValueKind.Null => null,
        _ => throw Invalid(token.Path, $"{token.Name} is {TokenizerStep.Raw(token.Element)}",
            "a text, an object with its content, or null"),
    };

    private static bool? Flag(TokenizerStep config, string name) => config.Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        var other => throw Invalid(config.Path, $"{name} is {TokenizerStep.Raw(other)}", "true and false"),
    };

    private static JsonDocument? Parse(string folder, string name)
    {
        string path = System.IO.Path.Combine(folder, name);
        if (!File.Exists(path)) return null;
        byte[] bytes = TokenizerFile.Read(path);
        try
        {
            JsonDocument document = JsonDocument.Parse(JsonFile.WithoutMark(bytes));
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            throw Invalid(path, "the file holds no JSON object", "a JSON object");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path}: invalid JSON in {JsonDefect.Describe(fault)}. Fetch the file again.", fault);
        }
    }

    private static InvalidDataException Invalid(string path, string what, string allowed) =>
        new($"{path}: {what}; allowed: {allowed}. Fetch the file again.");
}
