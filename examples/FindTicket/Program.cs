// Finds the ticket between two checkpoints, writes it, and applies it to the base.
//
//     dotnet run -c Release --project examples/FindTicket -- [BASE TUNED OUT]
//
// Without arguments it makes two small checkpoints, of which the rows 7 and 9 differ.
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

const string Embedding = "model.embed_tokens.weight";
const int Rows = 64, Width = 256;

string work = args is [_, _, var given] ? given : Directory.CreateTempSubdirectory("find-ticket-").FullName;
string basePath = args.Length == 3 ? args[0] : Write("base", []), tunedPath = args.Length == 3 ? args[1] : Write("tuned", [7, 9]);

// The whole of it, where only the rows are wanted:
Ticket ticket = TicketFinder.FindRows(basePath, tunedPath);
Console.WriteLine(ticket);
foreach (TicketEntry row in ticket.Entries) Console.WriteLine(row);

// With the files of `kslottery find --out`: ticket.json, rows.tsv, patch.safetensors.
string found = Path.Combine(work, "ticket");
using (Checkpoint before = Checkpoint.Open(basePath), after = Checkpoint.Open(tunedPath))
using (TicketFolder folder = new(found))
    Console.WriteLine(string.Join(", ", folder.Write(TicketFinder.FindRows(before, after))));

PatchResult applied = PatchApplication.Apply(basePath, found, Path.Combine(work, "model"));
Console.WriteLine(applied);
if (args.Length == 3) return 0;
Directory.Delete(work, recursive: true);
return ticket.Ids.SequenceEqual([7L, 9L]) ? 0 : 4;

string Write(string name, int[] moved)
{
    float[] values = [.. Enumerable.Range(0, Rows * Width).Select(i =>
        MathF.Sin(0.7f * i) + (Array.IndexOf(moved, i / Width) >= 0 ? 0.5f : 0))];
    string path = Path.Combine(work, name + ".safetensors");
    SafetensorsWriter.Write(path,
        [TensorSource.FromBytes(Embedding, ElementType.F32, [Rows, Width], MemoryMarshal.AsBytes(values.AsSpan()).ToArray())]);
    return path;
}
