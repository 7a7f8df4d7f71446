// The numbers of tests/golden/metrics.txt, by name.
#pragma once

#include "support/skip.hpp"

#include <fstream>
#include <map>
#include <string>
#include <vector>

class golden_metrics {
  public:
    golden_metrics() {
        std::ifstream file(test_support::source_folder() / "tests/golden/metrics.txt");
        std::string name;
        for (std::size_t count = 0; file >> name >> count;) {
            auto& numbers = numbers_[name] = std::vector<double>(count);
            for (double& x : numbers) file >> x;
        }
        REQUIRE(file.eof());
    }

    const std::vector<double>& operator[](const std::string& name) const {
        CAPTURE(name);
        REQUIRE(numbers_.count(name) == 1);
        return numbers_.at(name);
    }
    double number(const std::string& name) const { return (*this)[name].at(0); }
    std::vector<float> floats(const std::string& name) const { return as<float>(name); }
    std::vector<std::int32_t> integers(const std::string& name) const {
        return as<std::int32_t>(name);
    }

  private:
    template <class T> std::vector<T> as(const std::string& name) const {
        std::vector<T> result;
        for (const double x : (*this)[name]) result.push_back(static_cast<T>(x));
        return result;
    }
    std::map<std::string, std::vector<double>> numbers_;
};

/// Of what both sides compute in double.
inline Approx near(double expected) { return Approx(expected).epsilon(1e-12); }
