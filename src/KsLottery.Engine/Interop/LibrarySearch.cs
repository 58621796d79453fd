using System.Runtime.InteropServices;

namespace KsLottery.Engine.Interop;

/// <summary>Looks for a native library under several names.</summary>
internal static class LibrarySearch
{
    /// <summary>Takes the first that loads and has the functions that are needed.</summary>
    /// <param name="names">Names, best first.</param>
    /// <param name="findMissing">What a library lacks; null where it has all. It may keep the functions.</param>
    /// <param name="attempts">Gets a line for each name that was tried.</param>
    /// <returns>The library; 0 where there is none.</returns>
    public static nint Find(IEnumerable<string> names, Func<nint, string?> findMissing, List<string> attempts)
    {
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint library))
            {
                attempts.Add($"{name}: cannot be loaded");
                continue;
            }
            if (findMissing(library) is { } missing)
            {
                attempts.Add($"{name}: has no {missing}");
                NativeLibrary.Free(library);
                continue;
            }
            attempts.Add($"{name}: loaded");
            return library;
        }
        return 0;
    }
}
