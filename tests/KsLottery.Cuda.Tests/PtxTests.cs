using System.Security.Cryptography;
using System.Text;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>The way from C to PTX, and what can be told of the outcome without NVIDIA's assembler.</summary>
public sealed class PtxTests
{
    private const string Sample = """
        #define KERNEL extern "C" __attribute__((global)) __attribute__((launch_bounds(256)))
        KERNEL void Sample(float *out, long long out_start, long long out_length, const unsigned short *in, long long in_start, long long in_length, int n, double d)
        {
            __attribute__((shared)) float tile[256];
            __attribute__((shared)) int count[1];
            int lane = __nvvm_read_ptx_sreg_tid_x();
            tile[lane] = in[in_start + lane];
            if (lane == 0) count[0] = 0;
            __syncthreads();
            float x = tile[lane ^ 1], y = tile[lane];
            float r = x * y + x;
            r = r / y - __builtin_sqrtf(x);
            r = __builtin_fmaf(r, x, y);
            __nvvm_atom_add_gen_i(count, n);
            r += __nvvm_shfl_sync_down_f32(0xffffffff, r, 4, 31);
            __syncthreads();
            out[out_start + lane] = r + count[0] + (float)(d * d + r);
        }
        """;

    private static readonly Lazy<PtxModule> Translated = new(() => new(PtxScript.Translate(Sample)));

    [Test]
    public void A_translated_text_is_what_a_driver_takes()
    {
        PtxModule module = Translated.Value;
        Assert.That(module.Defects(), Is.Empty);
        Assert.That(module.Entries, Is.EqualTo(new[] { "Sample" }));
        Assert.That(module.Parameters, Is.EqualTo(new[] { "u64", "u64", "u64", "u64", "u64", "u64", "u32", "f64" }));
        Assert.That(module.SharedBytes, Is.EqualTo(1028));
        Assert.That(module.Text, Does.Contain(".maxntid 256"));
        Assert.That(module.SourceHash, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sample)))));
    }

    [TestCase("mul.rn.f32"), TestCase("add.rn.f32"), TestCase("mul.rn.f64"), TestCase("add.rn.f64"), TestCase("div.rn.f32"),
        TestCase("sqrt.rn.f32")]
    [TestCase("fma.rn.f32"), TestCase("bar.sync"), TestCase("atom.shared.add.u32"), TestCase("shfl.sync.down.b32"),
        TestCase("ld.shared.f32")]
    public void Each_operation_becomes_the_instruction_that_rounds_and_waits_as_it_says(string instruction) =>
        Assert.That(Translated.Value.Instructions, Does.Contain(instruction));

    [Test]
    public void Nothing_is_contracted() =>
    Assert.That(Translated.Value.Instructions.Count(i => i.StartsWith("fma", StringComparison.Ordinal)), Is.EqualTo(1));

    [TestCase("add.rn.f32", "add.f32", "names no rounding"), TestCase("div.rn.f32", "div.approx.f32", "is not exact")]
    [TestCase("sqrt.rn.f32", "sqrt.rn.ftz.f32", "is not exact"), TestCase("sm_70", "sm_80", "is not for sm_70")]
    [TestCase(".entry Sample(", ".func Sample(", "has 0 entries"), TestCase("ret;", "bra LBB9_9;", "LBB9_9 is no label")]
    [TestCase(".shared .align 4 .b8", ".local .align 4 .b8", "not in registers")]
    [TestCase("ret;", "call.uni (retval0), expf, (param0);", "calls a function"),
        TestCase("ret;", "mov.u32 %r999, 0;", "%r999 is not declared")]
    [TestCase(".visible .entry", ".extern .func expf;\n.visible .entry", "needs what it does not define")]
    public void A_defect_is_seen(string from, string to, string defect)
    {
        string text = Translated.Value.Text;
        Assert.That(text, Does.Contain(from));
        Assert.That(new PtxModule(text.Replace(from, to, StringComparison.Ordinal)).Defects(), Has.Some.Contains(defect));
    }
}
