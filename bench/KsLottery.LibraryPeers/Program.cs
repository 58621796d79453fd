// Holds our own parts against the libraries that could stand in their place; docs/decisions/dependencies.md says what follows from it:
//   dotnet run -c Release --project bench/KsLottery.LibraryPeers -- statistics|vectors|products|threads|sets|text|charts|imports
//   dotnet run -c Release --project bench/KsLottery.LibraryPeers -- table ours|spectre|none    (one table, to time a process by)
//   dotnet run -c Release --project bench/KsLottery.LibraryPeers -- tokenizers FOLDER    (what bench/peers/sentencepiece_models.py wrote)
// Times are CPU time, medians of turns in one run, so that neighbours disturb little; those of threads are by the clock as well.

using KsLottery.LibraryPeers;

switch (args)
{
    case ["statistics"]: StatisticsPeers.Run(); break;
    case ["vectors"]: VectorPeers.Run(); break;
    case ["bits"]: VectorPeers.PrintBits(); break;
    case ["products"]: ProductPeers.Run(); break;
    case ["threads"]: ThreadPeers.Run(); break;
    case ["sets"]: IndexSetPeers.Run(); break;
    case ["text"]: TextPeers.Run(); break;
    case ["table", string which]: TextPeers.PrintTable(which); break;
    case ["charts"]: ChartPeers.Run(); break;
    case ["imports"]: ImportPeers.Run(); break;
    case ["tokenizers", string folder]: TokenizerPeers.Run(folder); break;
    default:
        Console.Error.WriteLine("give the name of a comparison; the first lines of Program.cs have them all");
        return 1;
}
return 0;
