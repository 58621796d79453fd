// h of row pairs by Highway's vqsort of both rows and a merge without branches: what bench/row-sorts.sh compares with. Finite rows only
// (version 1.0.3 turns infinities into the largest finite numbers). Reads lines:
//   open TYPE WIDTH BEFORE AFTER   answers the sum of h over the first 256 rows
//   run SECONDS                    answers rows per second of the processor's time
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
#include "hwy/contrib/sort/vqsort.h"

static std::vector<char> load(const std::string &path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<char> bytes(file.tellg());
  file.seekg(0);
  file.read(bytes.data(), bytes.size());
  return bytes;
}

static inline uint16_t key(uint16_t bits) {
  if (bits == 0x8000) bits = 0;
  return bits ^ uint16_t((int16_t(bits) >> 15) | 0x8000);
}

template <class T> static int merge(const T *a, const T *b, int n) {
  int i = 0, j = 0, high = 0, low = 0;
  while (i < n && j < n) {
    T x = a[i], y = b[j];
    i += x <= y;
    j += y <= x;
    high = std::max(high, i - j);
    low = std::min(low, i - j);
  }
  return std::max(high, -low);
}

static double processorTime() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

static std::vector<char> before, after;
static std::vector<float> floatsA, floatsB;
static std::vector<uint16_t> keysA, keysB;
static hwy::Sorter sorter;
static bool isF32;
static size_t width, rows, at;

static int test(size_t row) {
  if (isF32) {
    std::memcpy(floatsA.data(), before.data() + row * width * 4, width * 4);
    std::memcpy(floatsB.data(), after.data() + row * width * 4, width * 4);
    sorter(floatsA.data(), width, hwy::SortAscending());
    sorter(floatsB.data(), width, hwy::SortAscending());
    return merge(floatsA.data(), floatsB.data(), int(width));
  }
  const uint16_t *a = reinterpret_cast<const uint16_t *>(before.data()) + row * width,
                 *b = reinterpret_cast<const uint16_t *>(after.data()) + row * width;
  for (size_t i = 0; i < width; i++) {
    keysA[i] = key(a[i]);
    keysB[i] = key(b[i]);
  }
  sorter(keysA.data(), width, hwy::SortAscending());
  sorter(keysB.data(), width, hwy::SortAscending());
  return merge(keysA.data(), keysB.data(), int(width));
}

int main() {
  std::string word;
  while (std::cin >> word) {
    if (word == "open") {
      std::string type, beforePath, afterPath;
      std::cin >> type >> width >> beforePath >> afterPath;
      isF32 = type == "F32";
      before = load(beforePath);
      after = load(afterPath);
      rows = before.size() / (isF32 ? 4 : 2) / width;
      floatsA.resize(width), floatsB.resize(width), keysA.resize(width), keysB.resize(width);
      at = 0;
      long sum = 0;
      for (size_t row = 0; row < std::min<size_t>(rows, 256); row++) sum += test(row);
      std::printf("%ld\n", sum);
    } else {
      double seconds, elapsed;
      std::cin >> seconds;
      size_t done = 0;
      volatile int sink = 0;
      double started = processorTime();
      do {
        for (int k = 0; k < 16; k++, done++, at = (at + 1) % rows) sink = sink + test(at);
        elapsed = processorTime() - started;
      } while (elapsed < seconds);
      std::printf("%.1f\n", double(done) / elapsed);
    }
    std::fflush(stdout);
  }
}
