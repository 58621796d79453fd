using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class VisibleTextTests
{
    [TestCase(" the", "␣the")]
    [TestCase("a  b ", "a␣␣b␣")]
    [TestCase("\n\t\\", @"\n\t\\")]
    [TestCase("\u001b[31m\r\0\u007f", @"\x1b[31m\x0d\x00\x7f")]
    [TestCase("\u0085\u009b", @"\u{85}\u{9B}")]
    [TestCase("a\u202Eb\u2066\u200F", @"a\u{202E}b\u{2066}\u{200F}")]
    [TestCase("\u200B\u200D\u2060\uFEFF\u00AD", @"\u{200B}\u{200D}\u{2060}\u{FEFF}\u{AD}")]
    [TestCase("\u2028\u2029\u00A0\u200A\u3000", @"\u{2028}\u{2029}\u{A0}\u{200A}\u{3000}")]
    [TestCase("❤\uFE0F", @"❤\u{FE0F}")]
    [TestCase("\U000E0101\U000E0041", @"\u{E0101}\u{E0041}")]
    [TestCase("\uE000\U00100000\uFFFF\u0378", @"\u{E000}\u{100000}\u{FFFF}\u{378}")]
    [TestCase("\u3164\u115F\u2800", @"\u{3164}\u{115F}\u{2800}")]
    [TestCase("␣", @"\u{2423}")]
    [TestCase("Ærø 日本 😀 שלום", "Ærø␣日本␣😀␣שלום")]
    [TestCase("\uFFFD", "\uFFFD")]
    [TestCase("", "")]
    public void Each_kind_of_character_has_its_visible_form(string text, string expected)
    {
        Assert.That(VisibleText.Escape(text), Is.EqualTo(expected));
        Assert.That(VisibleText.Escape(Encoding.UTF8.GetBytes(text)), Is.EqualTo(expected));
    }

    [TestCase("\u0301a", @"\u{301}a", Description = "at the start")]
    [TestCase("e\u0301", "e\u0301", Description = "on a letter")]
    [TestCase(" \u0301\u0302", @"␣\u{301}\u{302}", Description = "on a space")]
    [TestCase("\n\u0301", @"\n\u{301}", Description = "after an escape, whose last letter it would change")]
    [TestCase("\u0301\u0301x\u0301", "\\u{301}\\u{301}x\u0301", Description = "after a mark that was escaped")]
    [TestCase("a\u0301\u0301\u0301\u0301\u0301", "a\u0301\u0301\u0301\u0301\\u{301}", Description = "too many")]
    [TestCase("\u1161", @"\u{1161}", Description = "a Hangul vowel without its consonant")]
    [TestCase("\u1100\u1161", "\u1100\u1161", Description = "a Hangul syllable")]
    public void Combining_marks_stay_only_on_a_character_of_the_same_token(string text, string expected) =>
        Assert.That(VisibleText.Escape(text), Is.EqualTo(expected));

    [TestCase(new byte[] { 0xFF, (byte)'a', 0x80 }, @"\xffa\x80", Description = "stray bytes")]
    [TestCase(new byte[] { 0xE2, 0x96 }, @"\xe2\x96", Description = "half a character")]
    [TestCase(new byte[] { 0xC0, 0xAF }, @"\xc0\xaf", Description = "overlong")]
    [TestCase(new byte[] { 0xED, 0xA0, 0x80 }, @"\xed\xa0\x80", Description = "a surrogate")]
    [TestCase(new byte[] { 0xF4, 0x90, 0x80, 0x80 }, @"\xf4\x90\x80\x80", Description = "past the last character")]
    [TestCase(new byte[] { 0xC2, 0x85 }, @"\u{85}", Description = "a C1 control is no stray byte")]
    public void Bytes_that_are_not_Utf8_are_shown_one_by_one(byte[] bytes, string expected) =>
        Assert.That(VisibleText.Escape(bytes), Is.EqualTo(expected));

    [Test]
    public void Lone_surrogates_of_a_string_are_shown_by_code() =>
        Assert.That(VisibleText.Escape("a\uD800b\uDC00\uD83D\uDE00"), Is.EqualTo(@"a\u{D800}b\u{DC00}" + "😀"));

    [Test]
    public void Text_that_looks_escaped_differs_from_what_it_imitates()
    {
        Assert.That(VisibleText.Escape(@"\n"), Is.EqualTo(@"\\n"));
        Assert.That(VisibleText.Escape(@"\u{202E}"), Is.EqualTo(@"\\u{202E}"));
    }

    [Test]
    public void Any_bytes_give_harmless_text_from_which_they_can_be_read_back()
    {
        Gen<byte[]> character = Gen.Choose(0, 0x10FFFF)
            .Select(code => Rune.IsValid(code) ? Encoding.UTF8.GetBytes(new Rune(code).ToString()) : [(byte)code]);
        Gen<byte[]> common = Gen.Elements(" ", "\n", "\\", "x", "u{41}", "\u0301", "\u202E", "␣", "\uFE0F", "\\x80", "▁")
            .Select(Encoding.UTF8.GetBytes);
        Gen<byte[]> stray = Gen.Choose(0, 255).Select(value => new[] { (byte)value });
        Gen<byte[]> text = Gen.OneOf(character, common, stray).ArrayOf().Select(parts => parts.SelectMany(part => part).ToArray());

        Prop.ForAll(text.ToArbitrary(), bytes =>
        {
            string visible = VisibleText.Escape(bytes);
            return IsHarmless(visible) && Unescape(visible).AsSpan().SequenceEqual(bytes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Test]
    public void Every_character_gives_harmless_text_from_which_it_can_be_read_back()
    {
        List<int> wrong = [];
        for (int code = 0; code <= 0x10FFFF; code++)
        {
            if (!Rune.IsValid(code)) continue;
            // Once alone and once on a letter, where marks are let through.
            string text = new Rune(code) + "a" + new Rune(code);
            string visible = VisibleText.Escape(text);
            if (!IsHarmless(visible) || Encoding.UTF8.GetString(Unescape(visible)) != text) wrong.Add(code);
        }
        Assert.That(wrong, Is.Empty);
    }

    [TestCase("", 0)]
    [TestCase("abc", 3)]
    [TestCase("␣the", 4)]
    [TestCase("Ærø", 3)]
    [TestCase("日本語", 6)]
    [TestCase("한국", 4)]
    [TestCase("\u1100\u1161", 2, Description = "a Hangul syllable in parts")]
    [TestCase("ＡＢ", 4)]
    [TestCase("ｱ", 1)]
    [TestCase("e\u0301", 1)]
    [TestCase("ก\u0E34", 1)]
    [TestCase("か\u3099", 2)]
    [TestCase("😀", 2)]
    [TestCase("❤", 1)]
    [TestCase("𠀀", 2)]
    [TestCase("שלום", 4)]
    [TestCase("\u200B", 0)]
    public void Width_counts_terminal_columns(string text, int expected) => Assert.That(VisibleText.Width(text), Is.EqualTo(expected));

    private static bool IsHarmless(string visible)
    {
        bool follows = false; // whether a mark would stand on a character of this text
        foreach (Rune rune in visible.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse:
                case UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator:
                case UnicodeCategory.OtherNotAssigned:
                case UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark when !follows:
                    return false;
            }
            follows = true;
        }
        // A half of a pair would have been read as U+FFFD above.
        return visible.IndexOfAny(['\r', '\n', '\t']) < 0 && Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(visible)) == visible;
    }

    private static byte[] Unescape(string visible)
    {
        List<byte> bytes = [];
        for (int at = 0; at < visible.Length;)
        {
            if (visible[at] != '\\')
            {
                Rune rune = Rune.GetRuneAt(visible, at);
                bytes.AddRange(Encoding.UTF8.GetBytes(rune.Value == '␣' ? " " : rune.ToString()));
                at += rune.Utf16SequenceLength;
                continue;
            }
            switch (visible[at + 1])
            {
                case 'x':
                    bytes.Add(byte.Parse(visible.AsSpan(at + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    at += 4;
                    break;
                case 'u':
                    int end = visible.IndexOf('}', at);
                    int code = int.Parse(visible.AsSpan(at + 3, end - at - 3), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                    bytes.AddRange(Encoding.UTF8.GetBytes(new Rune(code).ToString()));
                    at = end + 1;
                    break;
                default:
                    bytes.Add(visible[at + 1] switch { 'n' => (byte)'\n', 't' => (byte)'\t', '\\' => (byte)'\\', _ => 0xFF });
                    at += 2;
                    break;
            }
        }
        return [.. bytes];
    }
}
