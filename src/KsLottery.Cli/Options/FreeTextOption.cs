using System.CommandLine;

namespace KsLottery.Cli;

/// <summary>An option whose value is text of any kind; alone among the options it takes a value that looks like another option.</summary>
/// <typeparam name="T">A text, or an array of texts.</typeparam>
internal sealed class FreeTextOption<T>(string name, params string[] aliases) : Option<T>(name, aliases), IFreeText;
