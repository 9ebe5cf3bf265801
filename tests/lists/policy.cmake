zc_unit(policy LINK zc_conf zc_policy)
zc_unit(policy_cells LINK zc_conf zc_policy)
zc_unit(policy_files LINK zc_conf zc_policy)
zc_unit(regions LINK zc_policy)
