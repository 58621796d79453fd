using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace KsLottery.LibraryPeers;

/// <summary>The native libraries that an assembly asks for by name.</summary>
internal static class ImportPeers
{
    public static void Run()
    {
        foreach (Type type in (Type[])[typeof(MPI.Communicator), typeof(Roaring.Net.CRoaring.Roaring32Bitmap), typeof(SkiaSharp.SKBitmap)])
        {
            using FileStream file = File.OpenRead(type.Assembly.Location);
            using PEReader assembly = new(file);
            MetadataReader metadata = assembly.GetMetadataReader();
            IEnumerable<string> modules = Enumerable.Range(1, metadata.GetTableRowCount(TableIndex.ModuleRef))
                .Select(row => metadata.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name)
                .Select(metadata.GetString).Where(name => name.Length > 0);
            Console.WriteLine($"{Path.GetFileName(file.Name)}: {string.Join(", ", modules)}");
        }
    }
}
