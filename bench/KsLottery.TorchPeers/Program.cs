// libtorch's side of bench/torch.sh, through TorchSharp:
//   KsLottery.TorchPeers serve [OPTION VALUE ...]    says its versions, then reads the name of a work a line and answers with seconds and
//                                                    the most bytes that were resident so far
//   KsLottery.TorchPeers check [OPTION VALUE ...]    losses and gradients of the same weights and tokens beside ours; 1 where they differ
// The options are those of `kslottery bench model`: --width, --layers, --heads, --feed-forward, --vocabulary, --length, --batch, --rows,
// --tokens, --threads.

using KsLottery.TorchPeers;

switch (args)
{
    case ["serve", .. string[] options]: TorchServer.Run(PeerOptions.Read(options)); return 0;
    case ["check", .. string[] options]: return TorchCheck.Run(PeerOptions.Read(options)) ? 0 : 1;
    default:
        Console.Error.WriteLine("give serve or check; the first lines of Program.cs say what follows");
        return 1;
}
