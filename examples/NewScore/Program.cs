// A score of one's own: rows ranked by how much their largest value grew, the best three as a patch. The library's scores are a closed
// list; a ticket is a set of rows, and where it comes from is nobody's business.
//
//     dotnet run -c Release --project examples/NewScore -- [BASE TUNED PATCH]
//
// Without arguments it makes two small checkpoints, of which the rows 3, 5 and 8 differ.
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;

const int Best = 3, Rows = 32, Width = 64;

string work = Directory.CreateTempSubdirectory("new-score-").FullName;
string basePath = args is [var first, _, _] ? first : Write("base", []), tunedPath = args.Length == 3 ? args[1] : Write("tuned", [3, 5, 8]);
string patchPath = args.Length == 3 ? args[2] : Path.Combine(work, TicketPatch.FileName);

using Checkpoint before = Checkpoint.Open(basePath), after = Checkpoint.Open(tunedPath);
Tensor one = before.GetInputEmbedding(), other = after.GetInputEmbedding();
(double Score, long Row)[] ranked = [.. Enumerable.Range(0, (int)one.Shape[0])
    .Select(row => (Largest(other, row) - Largest(one, row), (long)row)).OrderByDescending(r => r.Item1).ThenBy(r => r.Item2)];
IndexSet ticket = IndexSet.Of(one.Shape[0], ranked.Take(Best).Select(r => r.Row).Order());

TicketPatch.Write(patchPath, [PatchSource.OfRows(one, ticket) with { Tuned = other }],
    new() { Signature = $"largest-value-growth|top:{Best}", IsTied = before.IsTied });
using TicketPatch patch = TicketPatch.Open(patchPath);
Console.WriteLine($"{patch.Signature}: rows {string.Join(", ", patch.Rows!.Indices)}");
bool isRight = args.Length == 3 || patch.Rows!.Indices.SequenceEqual([3L, 5L, 8L]);
Directory.Delete(work, recursive: true);
return isRight ? 0 : 4;

// GetRow reads F32 where it lies; Tensor.Values is of another type, and RowMatrix.FromTensor widens.
static double Largest(Tensor tensor, long row)
{
    double largest = double.NegativeInfinity;
    foreach (float value in tensor.GetRow<float>(row)) largest = Math.Max(largest, value);
    return largest;
}

string Write(string name, int[] moved)
{
    float[] values = [.. Enumerable.Range(0, Rows * Width).Select(i =>
        MathF.Sin(0.3f * i) * (Array.IndexOf(moved, i / Width) >= 0 ? 1.5f : 1))];
    string path = Path.Combine(work, name + ".safetensors");
    SafetensorsWriter.Write(path, [TensorSource.FromBytes("model.embed_tokens.weight", ElementType.F32, [Rows, Width],
        MemoryMarshal.AsBytes(values.AsSpan()).ToArray())]);
    return path;
}
