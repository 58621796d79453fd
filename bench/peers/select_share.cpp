// The ids of the top share of |tuned - base| by std::nth_element over all values in memory: what bench/select-share.sh compares with.
//   select_share MANIFEST COUNT IDS
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

struct Part { const uint16_t *before, *after; size_t count; };

static const uint16_t *map(const std::string &path, size_t offset) {
  int file = open(path.c_str(), O_RDONLY);
  struct stat facts;
  if (file < 0 || fstat(file, &facts) != 0) { std::perror(path.c_str()); std::exit(1); }
  void *bytes = mmap(nullptr, facts.st_size, PROT_READ, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) { std::perror("mmap"); std::exit(1); }
  close(file);
  return reinterpret_cast<const uint16_t *>(static_cast<const char *>(bytes) + offset);
}

static inline float widen(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

static inline float score(const Part &part, size_t i) { return std::fabs(widen(part.after[i]) - widen(part.before[i])); }

int main(int argc, char **argv) {
  if (argc != 4) return 1;
  std::vector<Part> parts;
  size_t total = 0, wanted = std::strtoull(argv[2], nullptr, 10);
  std::ifstream manifest(argv[1]);
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream words(line);
    std::string before, after;
    size_t beforeOffset, afterOffset, count;
    words >> before >> beforeOffset >> after >> afterOffset >> count;
    parts.push_back({map(before, beforeOffset), map(after, afterOffset), count});
    total += count;
  }
  auto started = std::chrono::steady_clock::now();
  std::vector<float> scores;
  scores.reserve(total);
  for (const Part &part : parts)
    for (size_t i = 0; i < part.count; i++) scores.push_back(score(part, i));
  std::nth_element(scores.begin(), scores.begin() + (wanted - 1), scores.end(), std::greater<float>());
  float last = scores[wanted - 1];
  size_t ties = wanted;
  for (size_t i = 0; i < wanted; i++) ties -= scores[i] > last;
  std::vector<float>().swap(scores);
  std::vector<int64_t> ids;
  ids.reserve(wanted);
  int64_t first = 0;
  for (const Part &part : parts) {
    for (size_t i = 0; i < part.count; i++) {
      float value = score(part, i);
      if (value > last || (value == last && ties > 0 && ties-- > 0)) ids.push_back(first + int64_t(i));
    }
    first += part.count;
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  std::printf("| C++ nth_element, 1 thread | %.2f | %.2f | %.0f |\n", seconds, used.tv_sec + used.tv_nsec * 1e-9,
              (total * sizeof(float)) / 1e6);
  std::FILE *file = std::fopen(argv[3], "wb");
  bool isWhole = file && std::fwrite(ids.data(), 8, ids.size(), file) == ids.size();
  return isWhole && std::fclose(file) == 0 ? 0 : 1;
}
