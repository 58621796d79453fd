using System.CommandLine;
using System.Text.Json;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>What ends a text beside the tokens that the model's files name.</summary>
internal sealed record StopOptions(IReadOnlyList<int> Ids, IReadOnlyList<string> Texts)
{
    /// <summary>Gives a command the options.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Options.Stop, Options.StopId);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.Stop) is { Implicit: false } && result.GetValue(Options.Stop)?.Any(string.IsNullOrEmpty) == true)
                result.AddError("--stop needs a text of one character or more.");
        });
    }

    /// <summary>Reads the options.</summary>
    public static StopOptions From(ParseResult arguments) =>
        new(arguments.GetValue(Options.StopId) ?? [], arguments.GetValue(Options.Stop) ?? []);

    /// <summary>What ends a text of a model.</summary>
    /// <exception cref="CommandException">A token is none of the model's.</exception>
    public StopTokens Of(LlamaConfig config, Tokenizer tokenizer)
    {
        foreach (int id in Ids)
            if ((uint)id >= (uint)config.VocabularySize)
                throw new CommandException(ExitCode.BadInput, $"--stop-id {id}: no such token; the model has 0 to "
                    + $"{config.VocabularySize - 1}. "
                    + "Give one of these.");
        return StopTokens.Of(config, tokenizer, Ids, Texts);
    }

    /// <summary>Says on stderr what ends a text, and where that leaves out the token with which a tuning would end it.</summary>
    public static void Remark(ConsoleUi ui, StopTokens stops, Tokenizer tokenizer)
    {
        ui.Remark(Describe(stops, tokenizer) is { } what ? $"a text ends at {what}" : "note: no file names a token that ends a text; "
            + "name one with --stop or --stop-id.");
        if (tokenizer.EosId is { } end && stops.Source is { } source && !stops.Ids.Contains(end))
            ui.Remark($"note: {tokenizer.Names.Visible(end)} (token {end}), which ends a text of the tokenizer and each target of "
                + "tune, is not "
                + $"among those that {source} names; --stop-id {end} adds it.");
    }

    /// <summary>What ends a text, in words; null for nothing.</summary>
    public static string? Describe(StopTokens stops, Tokenizer tokenizer)
    {
        IEnumerable<string> parts = stops.Ids.Select(id => $"{tokenizer.Names.Visible(id)} (token {id})")
            .Concat((stops.Texts?.Texts ?? []).Select(text => $"\"{VisibleText.Escape(text)}\""));
        string all = string.Join(", ", parts);
        return all.Length == 0 ? null : stops.Source is { } source ? $"{all}; {source} names the model's own" : all;
    }

    /// <summary>Writes what ends a text.</summary>
    public static void WriteJson(Utf8JsonWriter json, StopTokens stops, Tokenizer tokenizer)
    {
        json.WriteStartObject("stops");
        json.WriteString("source", stops.Source);
        json.WriteStartArray("tokens");
        foreach (int id in stops.Ids)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("token", tokenizer.Names.Visible(id));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStrings("texts", stops.Texts?.Texts ?? []);
        json.WriteEndObject();
    }
}
