using System.Buffers;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Which part of what a model writes is scored.</summary>
public enum HypothesisForm
{
    /// <summary>All of it: a model that does not stop is scored with what it adds.</summary>
    Raw,

    /// <summary>Its first line: what is left of a gain when stopping no longer counts.</summary>
    FirstLine,

    /// <summary>What the evaluation of the method's authors reads after <c>Response:</c>.</summary>
    Response,
}

/// <summary>Takes the hypothesis out of what a model wrote.</summary>
internal static class Hypothesis
{
    private const string Preamble = "Below is an instruction that describes a task, paired with an input that provides further context. " +
        "Write a response that appropriately completes the request.";

    private const string BlockMark = "###", InputStart = " Input";

    private const double SameSentence = 90;

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n");

    /// <summary>The hypothesis in one of its forms.</summary>
    /// <param name="output">What the model wrote after its prompt, without the prompt.</param>
    /// <param name="form">The form.</param>
    /// <exception cref="ArgumentOutOfRangeException">The form is not a value of its enumeration.</exception>
    public static string Extract(string output, HypothesisForm form)
    {
        ArgumentNullException.ThrowIfNull(output);
        return form switch
        {
            HypothesisForm.Raw => output,
            HypothesisForm.FirstLine => FirstLine(output),
            HypothesisForm.Response => Response(output),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, "Allowed forms: Raw, FirstLine, Response."),
        };
    }

    /// <summary>The first line that is not blank, without whitespace at its ends; empty where there is none.</summary>
    /// <param name="output">What the model wrote after its prompt.</param>
    public static string FirstLine(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        ReadOnlySpan<char> text = output.AsSpan().TrimStart();
        int end = text.IndexOfAny(LineEnds);
        return (end < 0 ? text : text[..end]).TrimEnd().ToString();
    }

    /// <summary>The authors' rule after <c>### Response:</c>: all up to the next <c>:</c> or <c>###</c>, on one line.</summary>
    /// <param name="output">What the model wrote after a prompt that ends with <c>### Response:</c>.</param>
    /// <remarks>
    /// So a translation that itself has a colon is cut there. Of whole texts in their Alpaca form
    /// <see cref="Response(string, string)"/> gives the same.
    /// </remarks>
    public static string Response(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        string text = OnOneLine(output);
        int end = text.AsSpan().IndexOf(Preamble, StringComparison.Ordinal);
        return UpToMark(end < 0 ? text : text[..end]);
    }

    /// <summary>The authors' rule for a whole text, which may hold several instructions: the response to one source.</summary>
    /// <param name="text">The prompt in the Alpaca form, and what the model wrote after it.</param>
    /// <param name="source">The sentence to translate.</param>
    /// <remarks>
    /// The text is cut at the fixed first sentences of the prompt and at <c>###</c>; of the block that begins with <c>Input</c> and holds
    /// the source, the next block is taken, from its first <c>:</c> to its second. A block holds the source if one begins with the other
    /// or their sentence BLEU is above 90. The rule is known from a description, which leaves open what stands between lines; here a space.
    /// </remarks>
    /// <returns>The response; empty where no block holds the source or the next one has no colon.</returns>
    public static string Response(string text, string source)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(source);
        source = OnOneLine(source);
        foreach (string instruction in OnOneLine(text).Split(Preamble))
        {
            string[] blocks = instruction.Split(BlockMark);
            for (int i = 0; i + 1 < blocks.Length; i++)
            {
                if (!HoldsSource(blocks[i], source)) continue;
                int colon = blocks[i + 1].IndexOf(':', StringComparison.Ordinal);
                return colon < 0 ? "" : UpToMark(blocks[i + 1][(colon + 1)..]);
            }
        }
        return "";
    }

    private static bool HoldsSource(string block, string source)
    {
        if (!block.StartsWith(InputStart, StringComparison.Ordinal)) return false;
        string input = block[InputStart.Length..].TrimStart(':').Trim();
        if (input.Length == 0 || source.Length == 0) return input.Length == source.Length;
        return input.StartsWith(source, StringComparison.Ordinal) || source.StartsWith(input, StringComparison.Ordinal)
            || Bleu.Sentence(input, [source]).Score > SameSentence;
    }

    private static string UpToMark(string text)
    {
        int end = text.AsSpan().IndexOf(BlockMark);
        if (end >= 0) text = text[..end];
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? text : text[..colon]).Trim();
    }

    private static string OnOneLine(string text) =>
        string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
