using System.Diagnostics;
using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;

namespace KsLottery.Cuda.Tests;

/// <summary>The driver without a device that <c>Native/fake_cuda.c</c> is, compiled where gcc is at hand. One at a time may be in
/// use.</summary>
internal static unsafe class FakeCuda
{
    private static readonly Lazy<(string? Path, string Reason)> Built = new(() => Compile("fake_cuda.c"));
    private static readonly Dictionary<string, PtxInterpreter> Interpreters = new(StringComparer.Ordinal);
    private static readonly Lazy<nint> Within = new(() => Find("fake_within"));
    private static Exception? _failure;
    private static readonly Lazy<nint> Library = new(() => NativeLibrary.Load(Built.Value.Path!));

    public static string LibraryPath => Built.Value.Path!;

    public static string Log => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)Find("fake_log"))())!;

    /// <summary>What the calls were, without the arguments.</summary>
    public static string[] Calls => [.. Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0])];

    public static int LiveObjects => ((delegate* unmanaged<int>)Find("fake_live"))();

    public static int RetainedContexts => ((delegate* unmanaged<int>)Find("fake_retained"))();

    /// <summary>How deep the calling thread's stack of contexts is.</summary>
    public static int Depth => ((delegate* unmanaged<int>)Find("fake_depth"))();

    /// <summary>The bytes of the last launch's parameters, one after another.</summary>
    public static byte[] Parameters
    {
        get
        {
            byte[] bytes = new byte[1024];
            fixed (byte* start = bytes)
                return bytes[..((delegate* unmanaged<byte*, int>)Find("fake_parameters"))(start)];
        }
    }

    /// <summary>Makes the driver anew; the test is skipped where it cannot be compiled.</summary>
    public static CudaInterop Start(int devices = 1, int major = 7, int minor = 0, long memory = 1L << 30)
    {
        if (Built.Value.Path is not { } path)
        {
            Assert.Ignore(Built.Value.Reason);
            throw new UnreachableException();
        }
        ((delegate* unmanaged<int, int, int, nuint, void>)Find("fake_reset"))(devices, major, minor, (nuint)memory);
        return new([path]);
    }

    /// <summary>Lets a call fail once.</summary>
    /// <param name="call">The function.</param>
    /// <param name="status">What it returns; from 700 on every later call in a context does too.</param>
    /// <param name="after">How many calls of it go well before.</param>
    public static void Fail(string call, int status, int after = 0)
    {
        byte[] name = [.. System.Text.Encoding.UTF8.GetBytes(call), 0];
        fixed (byte* start = name) ((delegate* unmanaged<byte*, int, int, void>)Find("fake_fail"))(start, status, after);
    }

    /// <summary>Gives a kernel a body on the host.</summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="run">Takes pointers to its parameters, the number of groups and the size of a group.</param>
    public static void Register(string kernel, delegate* unmanaged<void**, uint, uint, void> run)
    {
        byte[] name = [.. System.Text.Encoding.UTF8.GetBytes(kernel), 0];
        fixed (byte* start = name)
            ((delegate* unmanaged<byte*, delegate* unmanaged<void**, uint, uint, void>, void>)Find("fake_register"))(start, run);
    }

    /// <summary>Lets kernels run by their PTX text, until the driver is made anew.</summary>
    public static void RunPtx()
    {
        Interpreters.Clear();
        _failure = null;
        ((delegate* unmanaged<delegate* unmanaged<byte*, void**, uint, uint, int>, void>)Find("fake_run_with"))(&RunText);
    }

    /// <summary>Throws what a kernel that ran by its text failed with, if one did.</summary>
    public static void ThrowIfKernelFailed()
    {
        if (_failure is { } failure) throw new InvalidOperationException(failure.Message, failure);
    }

    /// <summary>Compiles one of the C files beside the tests to a library.</summary>
    /// <returns>The library, or why there is none.</returns>
    public static (string? Path, string Reason) Compile(string file)
    {
        if (!OperatingSystem.IsLinux()) return (null, "the stand-ins of NVIDIA's libraries are built on Linux alone");
        string folder = Directory.CreateTempSubdirectory("kslottery-native-").FullName,
            library = Path.Combine(folder, Path.ChangeExtension(file, ".so"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string source = Path.Combine(TestContext.CurrentContext.TestDirectory, "Native", file);
        ProcessStartInfo command =
            new("gcc", ["-std=gnu11", "-shared", "-fPIC", "-O2", "-o", library, source]) { RedirectStandardError = true };
        try
        {
            using Process compiler = Process.Start(command)!;
            string said = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? (library, "") : throw new InvalidOperationException($"gcc {file}: {said}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, $"{file} needs gcc, which is not installed");
        }
    }

    /// <summary>An exception may not pass through the driver: it becomes CUDA_ERROR_LAUNCH_FAILED there.</summary>
    [UnmanagedCallersOnly]
    private static int RunText(byte* text, void** parameters, uint groups, uint groupSize)
    {
        const int LaunchFailed = 719;
        try
        {
            string ptx = Marshal.PtrToStringUTF8((nint)text)!;
            if (!Interpreters.TryGetValue(ptx, out PtxInterpreter? interpreter)) Interpreters[ptx] = interpreter = new(ptx, IsWithin);
            interpreter.Run(parameters, (int)groups, (int)groupSize);
            return CudaInterop.Success;
        }
        catch (Exception exception)
        {
            _failure = exception;
            return LaunchFailed;
        }
    }

    private static bool IsWithin(ulong address, int bytes) => ((delegate* unmanaged<ulong, int, int>)Within.Value)(address, bytes) != 0;

    private static nint Find(string name) => NativeLibrary.GetExport(Library.Value, name);
}
