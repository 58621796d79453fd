using System.CommandLine;

namespace KsLottery.Cli;

/// <summary>An option whose value is text of any kind; alone among the options it takes a value that looks like another option.</summary>
internal sealed class FreeTextOption(string name, params string[] aliases) : Option<string?>(name, aliases);
