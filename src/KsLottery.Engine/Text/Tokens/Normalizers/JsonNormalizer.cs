using System.Text;
using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>normalizer</c> section of a <c>tokenizer.json</c>: changes a text before it is cut.</summary>
internal sealed class JsonNormalizer
{
    private delegate AlignedText Step(AlignedText text);

    private readonly List<Step> _steps = [];

    /// <summary>Reads the section.</summary>
    /// <exception cref="InvalidDataException">It has a step or setting that is not supported.</exception>
    public JsonNormalizer(string path, JsonElement? section)
    {
        foreach (TokenizerStep step in TokenizerStep.Steps(path, "normalizer", section, "normalizers"))
        {
            _steps.Add(step.Type switch
            {
                "BertNormalizer" => new BertCleaning(step).Apply,
                "ByteLevel" => text => text.Map(ByteAlphabet.Encode),
                "Lowercase" => CharacterMapping.Lowercase,
                "NFC" => Form(NormalizationForm.FormC),
                "NFD" => Form(NormalizationForm.FormD),
                "NFKC" => Form(NormalizationForm.FormKC),
                "NFKD" => Form(NormalizationForm.FormKD),
                "Nmt" => CharacterMapping.Nmt,
                "Precompiled" => PrecompiledRules.Read(step).Apply,
                "Prepend" => Prepend(step),
                "Replace" => Replace(step),
                "Strip" => Strip(step),
                "StripAccents" => CharacterMapping.StripMarks,
                string other => throw step.Refuse("type", other, "Sequence, BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, " +
                    "Nmt, Precompiled, Prepend, Replace, Strip and StripAccents"),
            });
        }
    }

    /// <summary>Normalises a text; an empty one stays empty.</summary>
    public AlignedText Apply(AlignedText text)
    {
        foreach (Step step in _steps)
        {
            if (text.IsEmpty) return text;
            text = step(text);
        }
        return text;
    }

    /// <summary>Normalises a text; an empty one stays empty.</summary>
    public string Apply(string text) => Apply(new AlignedText(text.AsMemory(), 0)).Text.ToString();

    private static Step Form(NormalizationForm form) => text =>
    {
        string normalized = UnicodeNormalization.Apply(text.Text.ToString(), form);
        if (text.AtStart == 0) return new AlignedText(normalized.AsMemory(), 0);
        int first = UnicodeNormalization.Apply(text.Text[..text.AtStart].ToString(), form).Length;
        return new AlignedText(normalized.AsMemory(), Math.Min(first, normalized.Length));
    };

    private static Step Prepend(TokenizerStep step)
    {
        string prefix = step.Text("prepend") ?? throw step.Refuse("prepend", "(none)", "text");
        return text => text.Prepend(prefix);
    }

    private static Step Strip(TokenizerStep step)
    {
        (bool left, bool right) = (step.Flag("strip_left", true), step.Flag("strip_right", true));
        return text =>
        {
            int end = right ? text.Span.TrimEnd().Length : text.Text.Length;
            int start = left ? end - text.Span[..end].TrimStart().Length : 0;
            return text.Slice(start, end);
        };
    }

    private static Step Replace(TokenizerStep step)
    {
        SplitPattern pattern = JsonPattern.Read(step);
        string content = step.Text("content") ?? throw step.Refuse("content", "(none)", "text");
        return text =>
        {
            StringBuilder replaced = new(text.Text.Length);
            int atStart = 0;
            foreach (TextPart part in pattern.Find(text.Span))
            {
                if (part.IsMatch) replaced.Append(content);
                else replaced.Append(text.Span[part.Start..part.End]);
                // What is put in belongs to the character before its end.
                if (text.AtStart > 0 && part.End <= text.AtStart) atStart = replaced.Length;
                else if (!part.IsMatch && part.Start < text.AtStart) atStart = replaced.Length - (part.End - text.AtStart);
            }
            return new AlignedText(replaced.ToString().AsMemory(), atStart);
        };
    }
}
