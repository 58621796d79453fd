using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.LlamaPeers;

/// <summary>Ours, its weights read where they lie in the mapped file.</summary>
internal sealed class OurModel : ITextModel
{
    private readonly Checkpoint _checkpoint;
    private readonly ComputeDevice _device;
    private readonly LlamaWeights _weights;
    private readonly LlamaModel _model;
    private readonly LlamaDecoder _decoder;

    public OurModel(string folder, int threads, int capacity)
    {
        _checkpoint = Checkpoint.Open(folder);
        _device = ComputeDevice.Open("cpu", DeviceWork.Model, threads);
        _weights = LlamaWeights.Open(_checkpoint, LlamaConfig.Load(_checkpoint), _device.Operations);
        _model = new(_weights, _device.Operations);
        _decoder = new(_model, _device.Operations, slots: 1, capacity);
    }

    /// <summary>Every tensor that a token needs.</summary>
    public IEnumerable<Tensor> Tensors => _checkpoint.Tensors;

    /// <summary>Tokens of the vocabulary.</summary>
    public int VocabularySize => _weights.Config.VocabularySize;

    public ReadOnlySpan<float> Read(int[] prompt)
    {
        _decoder.Prefill([0], [prompt]);
        return _decoder.Logits(0);
    }

    public ReadOnlySpan<float> Append(int token)
    {
        _decoder.Append([0], [token]);
        return _decoder.Logits(0);
    }

    public void Dispose()
    {
        _decoder.Dispose();
        _model.Dispose();
        _weights.Dispose();
        _device.Dispose();
        _checkpoint.Dispose();
    }
}
