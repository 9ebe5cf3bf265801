zc_unit(stats LINK zc_stats)
zc_cases(stats LINK zc_stats)
