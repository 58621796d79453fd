namespace KsLottery.Engine.Generation;

/// <summary>Continues prompts: greedily, by drawing, or by beam search.</summary>
public static class Generator
{
    /// <summary>Continues each prompt.</summary>
    /// <param name="decoder">The model; what its slots held is lost.</param>
    /// <param name="prompts">Each of 1 to <see cref="IDecoder.Capacity"/> - 1 tokens.</param>
    /// <param name="options">How; greedily where left out.</param>
    /// <param name="progress">Reports every pass, on the caller's thread.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <returns>The continuations, in the order of the prompts.</returns>
    /// <exception cref="ArgumentException">An option or a prompt is outside its range; the message names which, and the range.</exception>
    /// <exception cref="NotFiniteNumberException">The model's logits are NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">The generation was cancelled.</exception>
    /// <remarks>
    /// A prompt takes one slot, or one a beam, and gives them to the next prompt as soon as it is done. Its result depends on itself and
    /// the options alone, and for drawn tokens on its index; not on the number of slots or on the other prompts. With
    /// <see cref="GenerationOptions.Beams"/> above 1 the sequence is that of Hugging Face transformers with <c>early_stopping=False</c>.
    /// </remarks>
    public static IReadOnlyList<Generated> Generate(IDecoder decoder, IReadOnlyList<int[]> prompts, GenerationOptions? options = null,
        IProgress<GenerationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(prompts);
        options ??= new();
        options.Validate();
        ThrowIfUnfit(decoder, prompts, options);

        NucleusSampler? sampler = options.Temperature > 0 ? new(decoder.VocabularySize, options.Temperature, options.TopP) : null;
        Queue<int[]> free = new(Enumerable.Range(0, decoder.Slots).Chunk(options.Beams).Where(slots => slots.Length == options.Beams));
        Generated[] results = new Generated[prompts.Count];
        List<Search> running = [];
        NextPass next = new();
        int begun = 0, done = 0;
        long tokens = 0;

        Search Begin()
        {
            int limit = Math.Min(options.MaxNewTokens, decoder.Capacity - prompts[begun].Length), prompt = begun++;
            int[] tokens = prompts[prompt];
            return options.Beams > 1 ? new BeamSearch(prompt, tokens, free.Dequeue(), limit, options)
                : new SingleSearch(prompt, tokens, free.Dequeue(), limit, options, sampler);
        }

        // Lets each decide by the logits at hand; those that are done leave.
        void Advance(List<Search> searches) => searches.RemoveAll(search =>
        {
            tokens++;
            if (search.Advance(decoder, next) is not { } result) return false;
            results[search.Prompt] = result;
            free.Enqueue(search.Slots);
            done++;
            return true;
        });

        while (done < prompts.Count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (free.Count > 0 && begun < prompts.Count)
            {
                // The logits of those running are used up by now: a prefill may replace them.
                List<Search> arrivals = [];
                while (free.Count > 0 && begun < prompts.Count) arrivals.Add(Begin());
                decoder.Prefill([.. arrivals.Select(search => search.Slots[0])], [.. arrivals.Select(search => prompts[search.Prompt])]);
                Advance(arrivals);
                running.AddRange(arrivals);
            }
            else
            {
                next.Run(decoder);
                Advance(running);
            }
            progress?.Report(new(done, prompts.Count, tokens));
        }
        return results;
    }

    private static void ThrowIfUnfit(IDecoder decoder, IReadOnlyList<int[]> prompts, GenerationOptions options)
    {
        int vocabulary = decoder.VocabularySize;
        if (options.Beams > decoder.Slots)
        {
            throw new ArgumentException($"Beams {options.Beams} takes as many slots; the decoder has {decoder.Slots}. "
                + "Give it more slots, or search with fewer beams.", nameof(options));
        }
        foreach (int id in options.EosIds)
        {
            if ((uint)id >= (uint)vocabulary)
                throw new ArgumentException(
                    $"EosIds has token {id}; allowed: 0 to {vocabulary - 1}, the model's. Is the tokenizer another model's?",
                        nameof(options));
        }
        for (int i = 0; i < prompts.Count; i++)
        {
            int[] prompt = prompts[i];
            if (prompt is null || prompt.Length == 0)
                throw new ArgumentException($"Prompt {i} has no tokens; give it one at least, such as the beginning of a sequence.",
                    nameof(prompts));
            if (prompt.Length >= decoder.Capacity)
            {
                throw new ArgumentException(
                    $"Prompt {i} has {prompt.Length} tokens; the decoder's capacity is {decoder.Capacity}, new tokens included, so that "
                    + $"1 to {decoder.Capacity - 1} are allowed. Shorten the prompt, or give the decoder a larger capacity.",
                    nameof(prompts));
            }
            int bad = prompt.AsSpan().IndexOfAnyExceptInRange(0, vocabulary - 1);
            if (bad >= 0)
            {
                throw new ArgumentException(
                    $"Prompt {i} has token {prompt[bad]} at position {bad}; allowed: 0 to {vocabulary - 1}, the model's. "
                    + "Is the tokenizer another model's?", nameof(prompts));
            }
        }
    }
}

/// <summary>What a prompt was continued by.</summary>
/// <param name="Tokens">
/// The new tokens, without the prompt and without the token that ended them; those that a stop text is made of are there, see
/// <see cref="StopTexts.Cut"/>.
/// </param>
/// <param name="StoppedAtEos">Whether an end-of-sequence token or a stop text ended them, not the limit of their number.</param>
/// <param name="LogProbability">
/// The natural logarithm of their probability after the prompt, the end token included where there is one; of the model as it is,
/// whatever the temperature, and without a length penalty.
/// </param>
public sealed record Generated(int[] Tokens, bool StoppedAtEos, double LogProbability);

/// <summary>How far the generation has come.</summary>
/// <param name="PromptsDone">Prompts whose continuation is complete.</param>
/// <param name="PromptCount">All prompts.</param>
/// <param name="TokensDone">Positions decided so far, over all prompts; one a prompt and pass, however many beams.</param>
public readonly record struct GenerationProgress(int PromptsDone, int PromptCount, long TokensDone);
