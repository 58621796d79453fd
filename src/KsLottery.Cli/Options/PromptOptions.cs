using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The arguments that make a prompt of a sentence; training and evaluation must agree in them.</summary>
/// <param name="Template">The form; null where none was asked for.</param>
/// <param name="SourceLanguage">The English name of the source's language.</param>
/// <param name="TargetLanguage">The English name of the target's language.</param>
internal sealed record PromptOptions(PromptTemplate? Template, string? SourceLanguage, string? TargetLanguage)
{
    /// <summary>The template, or that of the authors' training.</summary>
    public PromptTemplate TemplateOrAlpaca => Template ?? PromptTemplate.Alpaca;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.Template) is not null && result.GetResult(Options.TemplateText) is not null)
                result.AddError("--template and --template-text exclude each other.");
        });
        command.Add(Options.Template, Options.TemplateText, Options.SourceLanguage, Options.TargetLanguage);
    }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ArgumentException">The text is no template.</exception>
    public static PromptOptions From(ParseResult arguments)
    {
        string? form = arguments.GetValue(Options.Template), text = arguments.GetValue(Options.TemplateText);
        if (text is not null && !text.Contains('{', StringComparison.Ordinal))
            throw new ArgumentException($"--template-text {ConsoleUi.OneLine(text)} has no {{source}}; put it where the sentence goes.");
        return new((form ?? text) is { } chosen ? PromptTemplate.From(chosen) : null,
            arguments.GetValue(Options.SourceLanguage), arguments.GetValue(Options.TargetLanguage));
    }
}
