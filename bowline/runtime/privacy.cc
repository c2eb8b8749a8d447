// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/privacy.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <sys/stat.h>

#include "bowline/runtime/fault.h"

namespace bowline::runtime {

bool make_private_directory(const std::string& path) {
  return ::mkdir(path.c_str(), private_directory) == 0 &&
         ::chmod(path.c_str(), private_directory) == 0;
}

Result<void> make_private_directories(const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    // Some that are there may not be made whoever asks, as on a disk that is only read.
    struct stat about{};
    if (::stat(part.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) continue;
    if (!make_private_directory(part) && errno != EEXIST)
      return std::unexpected(system_error(errno, "cannot create the directory " + part));
    if (::stat(part.c_str(), &about) != 0 || !S_ISDIR(about.st_mode))
      return std::unexpected(system_error(ENOTDIR, "cannot create the directory " + path));
  }
  return {};
}

std::string exposure_of(const std::string& directory) {
  struct stat about{};
  if (::stat(directory.c_str(), &about) != 0) return {};
  const mode_t mode = about.st_mode & 07777U;
  if ((mode & 077U) == 0) return {};
  std::array<char, 8> octal{};
  std::snprintf(octal.data(), octal.size(), "%04o", mode);
  return "others may look into " + directory + " (its mode is " + octal.data() +
         "), or change what is there: unless that is meant, chmod 700 it";
}

}  // namespace bowline::runtime
