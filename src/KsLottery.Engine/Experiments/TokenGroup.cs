namespace KsLottery.Engine.Experiments;

/// <summary>A kind of token: what a ticket is made of, and which part of it an arm trains or leaves out.</summary>
public enum TokenGroup
{
    /// <summary>A control or special token, or a row that stands for no text.</summary>
    Special,
    /// <summary>White space alone, line feeds among it.</summary>
    Space,
    /// <summary>Digits and no letter.</summary>
    Digit,
    /// <summary>Neither letter nor digit: marks and symbols.</summary>
    Punctuation,
    /// <summary>A letter or more: a word or a part of one.</summary>
    Word,
    /// <summary>Bytes that are no whole character by themselves.</summary>
    Fragment,
    /// <summary>What the prompt holds beside the sentence, whatever it is otherwise.</summary>
    Prompt,
}
