using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments that make a prompt of a sentence; training and evaluation must agree in them.</summary>
/// <param name="Template">The form; null where none was asked for.</param>
/// <param name="SourceLanguage">The English name of the source's language.</param>
/// <param name="TargetLanguage">The English name of the target's language.</param>
internal sealed record PromptOptions(PromptTemplate? Template, string? SourceLanguage, string? TargetLanguage)
{
    private static readonly Option<string?> TemplateOption = new Option<string?>("--template")
    {
        Description = "The form of the prompt.",
        HelpName = string.Join('|', PromptTemplate.All),
    }.AcceptOnlyFromAmong([.. PromptTemplate.All.Select(form => form.Name)]);
    private static readonly FreeTextOption<string?> TextOption = new("--template-text")
    {
        Description = @"A prompt of your own, with {source}, {src_lang}, {tgt_lang} and {instruction}; \n is a line feed.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> SourceOption = new("--source-language")
    {
        Description = "The English name of the source's language, such as English, for the prompt.",
        HelpName = "NAME",
    };
    private static readonly Option<string?> TargetOption = new("--target-language")
    {
        Description = "The English name of the target's language, such as Danish, for the prompt.",
        HelpName = "NAME",
    };

    /// <summary>The template, or that of the authors' training.</summary>
    public PromptTemplate TemplateOrAlpaca => Template ?? PromptTemplate.Alpaca;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(TemplateOption) is not null && result.GetResult(TextOption) is not null)
                result.AddError("--template and --template-text exclude each other.");
        });
        foreach (Option option in (Option[])[TemplateOption, TextOption, SourceOption, TargetOption]) command.Add(option);
    }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ArgumentException">The text is no template.</exception>
    public static PromptOptions From(ParseResult arguments)
    {
        string? form = arguments.GetValue(TemplateOption), text = arguments.GetValue(TextOption);
        if (text is not null && !text.Contains('{', StringComparison.Ordinal))
            throw new ArgumentException($"--template-text {ConsoleUi.OneLine(text)} has no {{source}}; put it where the sentence goes.");
        return new((form ?? text) is { } chosen ? PromptTemplate.From(chosen) : null,
            arguments.GetValue(SourceOption), arguments.GetValue(TargetOption));
    }
}
